/** Things in use, under a key, for a while: bounded in number, the least recently used go first. */
export interface Held<T> {
  get(key: string, now: number): T | undefined
  set(key: string, value: T, until: number): void
  /** Gives it a last time, and holds it no more. */
  take(key: string, now: number): T | undefined
}

/** @param max most entries that are held */
export function holding<T>(max: number): Held<T> {
  const entries = new Map<string, { readonly value: T; readonly until: number }>()
  return {
    get(key, now) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      if (entry.until < now) return undefined
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, until) {
      entries.delete(key)
      entries.set(key, { value, until })
      for (const oldest of entries.keys()) {
        if (entries.size <= max) break
        entries.delete(oldest)
      }
    },
    take(key, now) {
      const entry = entries.get(key)
      entries.delete(key)
      return entry === undefined || entry.until < now ? undefined : entry.value
    },
  }
}

/** What could not be had, or has ended, is asked for again after this many milliseconds, but not for every request. */
export const RETRY_MS = 2000

/** How many milliseconds an answer may be used unasked: no longer than it is valid; a newer one may be there then. */
export function holdFor({ to }: { readonly to: number }, now: number, holdMs: number): number {
  return to < now ? RETRY_MS : Math.min(holdMs, to - now)
}
