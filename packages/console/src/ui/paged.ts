import { type Inputs, useState } from 'preact/hooks'
import { type Loaded, useLoad } from './load.tsx'

/** One page of a list that the checkpoint gives. */
export interface ListPage<T> {
  readonly items: readonly T[]
  /** Where the next page begins; undefined for the last. */
  readonly next: string | undefined
}

/** What was fetched of a list. */
export interface Paged<T> {
  readonly list: Loaded<ListPage<T>>
  /** Fetches another page. */
  more(): void
}

/** A list as far as the reader went: fetched anew as a whole, so that no entry stands there twice. */
export function usePaged<T>(
  fetching: (after: string | undefined, signal: AbortSignal) => Promise<ListPage<T>>,
  inputs: Inputs,
): Paged<T> {
  const [pages, setPages] = useState(1)
  const list = useLoad(
    async (signal) => {
      const items: T[] = []
      let next: string | undefined
      for (let page = 0; page < pages; page++) {
        const found = await fetching(next, signal)
        items.push(...found.items)
        next = found.next
        if (next === undefined) break
      }
      return { items, next }
    },
    inputs,
    [pages],
  )
  return { list, more: () => setPages(pages + 1) }
}
