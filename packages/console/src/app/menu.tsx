import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Api } from '../api/client.ts'
import { may, type Who } from '../api/session.ts'
import { useLanguage } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'
import { useLoad } from '../ui/load.tsx'
import { fragmentOf, PAGES, type Place } from './route.ts'
import { useSession } from './session.tsx'

/** The pages, and the namespace that they are of. */
export function Menu({ place, namespace }: { readonly place: Place; readonly namespace: string }): JSX.Element {
  const t = SHELL[useLanguage()]
  const list = useRef<HTMLUListElement>(null)
  useLayoutEffect(() => showCurrent(list.current), [place.at, t])
  const link = (to: Place, name: string): JSX.Element => (
    <li key={to.at}>
      <a href={fragmentOf(to)} aria-current={to.at === place.at ? 'page' : undefined}>
        {name}
      </a>
    </li>
  )
  return (
    <nav class="menu" aria-label={t.menu}>
      <ul ref={list}>
        {link({ at: 'workbench' }, t.workbench)}
        {link({ at: 'start' }, t.start)}
        {PAGES.map((at) => link({ at, namespace, id: undefined }, t.pages[at]))}
      </ul>
      <Namespaces place={place} namespace={namespace} />
    </nav>
  )
}

/** On a narrow screen the list is longer than what is seen of it: where the reader is, is in view. */
function showCurrent(list: HTMLUListElement | null): void {
  const link = list?.querySelector('[aria-current=page]')
  if (list === null || link === null || link === undefined) return
  const [all, one] = [list.getBoundingClientRect(), link.getBoundingClientRect()]
  if (one.left < all.left || one.right > all.right) list.scrollLeft += one.left - all.left - (all.width - one.width) / 2
}

function Namespaces({ place, namespace }: { readonly place: Place; readonly namespace: string }): JSX.Element | null {
  const t = SHELL[useLanguage()]
  const { api, standing } = useSession()
  const names = useNamespaces(api, standing, namespace)
  if (place.at === 'workbench' || place.at === 'start' || names.length < 2) return null
  const shown = names.includes(namespace) ? names : [namespace, ...names]
  return (
    <label class="row small">
      {t.namespace}
      <select
        value={namespace}
        onChange={(event) => {
          location.hash = fragmentOf({ at: place.at, namespace: event.currentTarget.value, id: undefined })
        }}
      >
        {shown.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Names of the namespaces that the reader may see; asked for again in another one, which may be new. */
function useNamespaces(api: Api, standing: string | Who, namespace: string): readonly string[] {
  // Where it fails the menu does without; the page itself tells what is wrong.
  return useLoad(() => namespacesOf(api, standing), [api, standing], [namespace]).value ?? []
}

async function namespacesOf(api: Api, standing: string | Who): Promise<readonly string[]> {
  if (typeof standing === 'string') return []
  if (may(standing, '*', 'admin')) {
    const { namespaces } = await api.get<{ namespaces: readonly string[] }>('/namespaces')
    // The server tells of it when something is in it.
    return [...new Set(['default', ...namespaces])]
  }
  return [...new Set(standing.grants.map(({ namespace }) => namespace).filter((name) => name !== '*'))].sort()
}
