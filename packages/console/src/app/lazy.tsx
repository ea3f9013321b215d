import type { ComponentType, JSX } from 'preact'
import { useLanguage } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'
import { useLoad } from '../ui/load.tsx'
import type { PageName } from './route.ts'
import type { PageProps, StartProps } from './session.tsx'

/** A page's code is loaded when the page is opened: the workbench must not wait for an editor. */
const LOADERS: Readonly<Record<PageName, () => Promise<ComponentType<PageProps>>>> = {
  decisions: async () => (await import('../pages/decisions/page.tsx')).DecisionsPage,
  policies: async () => (await import('../pages/policies/page.tsx')).PoliciesPage,
  references: async () => (await import('../pages/references/page.tsx')).ReferencesPage,
  secrets: async () => (await import('../pages/secrets/page.tsx')).SecretsPage,
  leases: async () => (await import('../pages/leases/page.tsx')).LeasesPage,
  log: async () => (await import('../pages/log/page.tsx')).LogPage,
  access: async () => (await import('../pages/access/page.tsx')).AccessPage,
}

/** One page, as soon as its code is there. */
export function LazyPage({ name, props }: { readonly name: PageName; readonly props: PageProps }): JSX.Element {
  return <Lazy name={name} load={LOADERS[name]} props={props} />
}

/** The two guides; the first is without props for whoever is not signed in. */
export function LazyStart(props: StartProps): JSX.Element {
  return <Lazy name="start" load={START} props={props} />
}

const START = async (): Promise<ComponentType<StartProps>> => (await import('../pages/start/page.tsx')).StartPage

function Lazy<P extends object>({
  name,
  load,
  props,
}: {
  readonly name: string
  readonly load: () => Promise<ComponentType<P>>
  readonly props: P
}): JSX.Element {
  const t = SHELL[useLanguage()]
  const { value, error, reload } = useLoad(async () => ({ Page: await load() }), [name, load])
  if (error !== undefined)
    return (
      <div class="fault" role="alert">
        <p>{t.pageFailed}</p>
        <button type="button" class="button quiet" onClick={reload}>
          {t.again}
        </button>
      </div>
    )
  if (value === undefined)
    return (
      <p class="loading" role="status">
        {t.loading}
      </p>
    )
  return <value.Page {...props} />
}
