/** Whether something is to be done again: its time is over, or the clock was ahead when it was done and is not any more. */
export function isDue(at: Date, done: Date, everyMs: number): boolean {
  const since = at.getTime() - done.getTime()
  return since < 0 || since >= everyMs
}

/** When live leases are judged anew by endorsements as they are then. */
export interface Rechecks {
  /** A source gave something else than before. */
  news(): void
  /** Whether it is time; who is told yes does it. */
  take(at: Date): boolean
}

/** Rechecks every `everyMs`, and at once after news, but not more often than every `gapMs`: a source may waver. */
export function rechecks(o: { readonly everyMs: number; readonly gapMs: number; readonly started: Date }): Rechecks {
  let last = o.started
  let lastByNews: Date | undefined
  let isNews = false
  return {
    news() {
      isNews = true
    },
    take(at) {
      const byNews = isNews && (lastByNews === undefined || isDue(at, lastByNews, o.gapMs))
      if (!byNews && !isDue(at, last, o.everyMs)) return false
      last = at
      if (byNews) lastByNews = at
      isNews = false
      return true
    },
  }
}
