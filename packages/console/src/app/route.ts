import { useEffect, useState } from 'preact/hooks'

/** Pages of a running checkpoint, in the order of the menu. */
export const PAGES = ['decisions', 'policies', 'references', 'secrets', 'leases', 'log', 'access'] as const

/** One of {@link PAGES}. */
export type PageName = (typeof PAGES)[number]

/**
 * Where the reader is, as the fragment of the address says it: `#/` the workbench, `#/start`, and `#/ns/NAMESPACE/PAGE`
 * with an id behind it for one thing of a page, or `?` and what a list is narrowed to. Fragments are sent to no server. Evidence in a link (`#evidence=…`) is
 * the workbench's.
 */
export type Place =
  | { readonly at: 'workbench' }
  | { readonly at: 'start' }
  | {
      readonly at: PageName
      readonly namespace: string
      readonly id: string | undefined
      /** Behind a question mark, as forms write it: what a list is narrowed to. */
      readonly query?: string
    }

const NAMESPACE = /^[a-z0-9][a-z0-9-]{0,62}$/
const MAX_ID = 600
const MAX_QUERY = 1000

/** The place that a fragment names; the workbench for everything that is none. */
export function placeOf(fragment: string): Place {
  const [path = '', ...behind] = fragment.replace(/^#/, '').split('?')
  const [, first, namespace, name, ...rest] = path.split('/')
  if (first === 'start') return { at: 'start' }
  const page = PAGES.find((one) => one === name)
  if (first !== 'ns' || page === undefined || namespace === undefined || !NAMESPACE.test(namespace))
    return { at: 'workbench' }
  const id = decoded(rest.join('/'))
  const query = behind.join('?')
  return {
    at: page,
    namespace,
    id: id === undefined || id === '' || id.length > MAX_ID ? undefined : id,
    ...(query === '' || query.length > MAX_QUERY ? {} : { query }),
  }
}

/** The fragment of a place. */
export function fragmentOf(place: Place): string {
  if (place.at === 'workbench') return '#/'
  if (place.at === 'start') return '#/start'
  const id = place.id === undefined ? '' : `/${place.id.split('/').map(encodeURIComponent).join('/')}`
  const query = place.query === undefined || place.query === '' ? '' : `?${place.query}`
  return `#/ns/${place.namespace}/${place.at}${id}${query}`
}

/** Where the reader is, now and after every step. */
export function usePlace(): Place {
  const [fragment, setFragment] = useState(location.hash)
  useEffect(() => {
    const moved = (): void => setFragment(location.hash)
    addEventListener('hashchange', moved)
    // The reader may have gone on between the first painting and now.
    moved()
    return () => removeEventListener('hashchange', moved)
  }, [])
  return placeOf(fragment)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
