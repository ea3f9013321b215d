import './references.css'
import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { ApiError } from '../../api/problem.ts'
import { fragmentOf, placeOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { Load, type Loaded, useLoad } from '../../ui/load.tsx'
import { PageHead } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { EvidencePage } from './from-evidence.tsx'
import { ImportForm } from './import-form.tsx'
import { REFERENCES } from './languages.ts'
import { SetList } from './list.tsx'
import { type ReferenceCalls, referenceCalls, type StoredSet } from './model.ts'
import type { ReferenceProps } from './props.ts'
import { SetForm } from './set-form.tsx'
import { SetView } from './set-view.tsx'

/** Ways to make a set, behind the page's name in the address: `+` begins no name of a set. */
const WAYS = ['+evidence', '+import', '+write'] as const

/** What evidence is compared with. */
export function ReferencesPage(props: PageProps): JSX.Element {
  const language = useLanguage()
  const t = REFERENCES[language]
  const { api, namespace, may, who } = props
  const calls = useMemo(() => referenceCalls(api, namespace, may, who.actor), [api, namespace, who])
  const allowed = may('references:read')
  const sets = useLoad(
    (signal) =>
      allowed ? calls.list(signal) : Promise.reject(new ApiError('forbidden', 403, t.needs('references:read'))),
    [calls, allowed],
  )
  const { id } = props
  return (
    <>
      <PageHead title={SHELL[language].pages.references} lead={t.lead}>
        {id === undefined && allowed && may('references:write') ? <Ways namespace={namespace} /> : undefined}
      </PageHead>
      {allowed ? <References {...props} calls={calls} loaded={sets} /> : <Problem error={sets.error} />}
    </>
  )
}

function Ways({ namespace }: { readonly namespace: string }): JSX.Element {
  const t = REFERENCES[useLanguage()].actions
  const names = { '+evidence': t.evidence, '+import': t.import, '+write': t.write }
  return (
    <>
      {WAYS.map((way) => (
        <a key={way} class="button" href={fragmentOf({ at: 'references', namespace, id: way })}>
          {names[way]}
        </a>
      ))}
    </>
  )
}

function References({
  loaded,
  ...props
}: PageProps & { readonly calls: ReferenceCalls; readonly loaded: Loaded<readonly StoredSet[]> }): JSX.Element {
  const t = REFERENCES[useLanguage()]
  const [said, setSaid] = useState('')
  const { namespace, id } = props
  const go = (to: string | undefined, words = ''): void => {
    setSaid(words)
    // Whoever went elsewhere while it was done is not taken away from there.
    const now = placeOf(location.hash)
    if (now.at === 'references' && now.namespace === namespace && now.id === id)
      location.hash = fragmentOf({ at: 'references', namespace, id: to })
  }
  return (
    <>
      <p role="status" class={said === '' ? 'unseen' : 'told'}>
        {said}
      </p>
      {id === undefined ? null : (
        <p class="back">
          <a href={fragmentOf({ at: 'references', namespace, id: undefined })} onClick={() => setSaid('')}>
            ← {t.actions.back}
          </a>
        </p>
      )}
      <Load of={loaded}>{(sets) => <Part {...props} sets={sets} go={go} again={loaded.reload} />}</Load>
    </>
  )
}

function Part(props: ReferenceProps): JSX.Element {
  const { id, sets, may } = props
  const t = REFERENCES[useLanguage()]
  const [editing, setEditing] = useState<string>()
  if (id === undefined) return <SetList {...props} />
  const way = WAYS.find((one) => one === id)
  if (way !== undefined && !may('references:write'))
    return <Problem error={new ApiError('forbidden', 403, t.needs('references:write'))} />
  if (way === '+evidence') return <EvidencePage {...props} />
  if (way === '+import') return <ImportForm {...props} />
  if (way === '+write') return <SetForm {...props} set={undefined} onBack={() => props.go(undefined)} />
  const set = sets.find(({ name }) => name === id)
  if (set === undefined) return <p class="empty">{t.one.missing}</p>
  return editing === id ? (
    <SetForm {...props} set={set} onBack={() => setEditing(undefined)} />
  ) : (
    <SetView {...props} set={set} onEdit={() => setEditing(id)} />
  )
}
