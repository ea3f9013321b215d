import type { Decision } from './model.ts'

/** A list that is fetched page by page from the newest on, and grows at its top while it is looked at. */
export interface Feed {
  /** The newest first. */
  readonly rows: readonly Decision[]
  /** New ones that are not shown yet, the newest first. */
  readonly waiting: readonly Decision[]
  /** More came than are held: the list is fetched anew instead of being added to. */
  readonly flooded: boolean
  /** Where the next page begins; undefined when all are here. */
  readonly next: string | undefined
}

/** Most new decisions that are held while they wait to be shown. */
export const MOST_WAITING = 1000

/** Most rows that a list is let grow to at its top: anybody may cause refusals. What falls off is fetched again as older pages are. */
export const MOST_FOLLOWED = 10_000

/** A list as its first page has it. */
export function feedOf(rows: readonly Decision[], next: string | undefined): Feed {
  return { rows, waiting: [], flooded: false, next }
}

/** One more page of older decisions. */
export function withPage(feed: Feed, rows: readonly Decision[], next: string | undefined): Feed {
  return { ...feed, rows: [...feed.rows, ...without(rows, feed.rows)], next }
}

/**
 * Decisions that were just made, in the order in which they came.
 *
 * @param hold they wait: the reader is in the middle of something that must not move
 */
export function arrived(feed: Feed, came: readonly Decision[], hold: boolean): Feed {
  const fresh = [...without(without(came, feed.rows.slice(0, came.length + MOST_WAITING)), feed.waiting)].reverse()
  if (fresh.length === 0) return feed
  const waiting = [...fresh, ...feed.waiting]
  if (waiting.length > MOST_WAITING) return { ...feed, waiting: waiting.slice(0, MOST_WAITING), flooded: true }
  return hold ? { ...feed, waiting } : released({ ...feed, waiting })
}

/** Shows what waits. */
export function released(feed: Feed): Feed {
  const rows = [...feed.waiting, ...feed.rows]
  if (rows.length <= MOST_FOLLOWED) return { ...feed, rows, waiting: [] }
  const kept = rows.slice(0, MOST_FOLLOWED)
  return { ...feed, rows: kept, waiting: [], next: kept.at(-1)?.id }
}

function without(these: readonly Decision[], known: readonly Decision[]): readonly Decision[] {
  const ids = new Set(known.map(({ id }) => id))
  return these.filter(({ id }) => !ids.has(id) && ids.add(id))
}
