import type { CollateralPart } from './verdict.ts'

/** Times, in milliseconds since 1970, between which a judgement stays what it is. */
export interface Span {
  readonly from: number
  readonly until: number
}

/**
 * The times at which everything that a verdict used is in date, as it was at `at`. Undefined when something was not, or
 * does not say how long it is valid.
 */
export function spanOf(parts: readonly CollateralPart[], at: number): Span | undefined {
  let from = 0
  let until = Number.POSITIVE_INFINITY
  for (const part of parts) {
    // Written to the second, rounded down. What is missing is no number, which is within no span.
    from = Math.max(from, Date.parse(part.from ?? '') + 999)
    until = Math.min(until, Date.parse(part.until ?? ''))
  }
  const span = { from, until }
  return within(span, at) ? span : undefined
}

/** Whether a time is in a span; both ends belong to it. */
export function within({ from, until }: Span, at: number): boolean {
  return from <= at && at <= until
}

/**
 * A copy that nobody can change, to be shared by many verdicts.
 * @param value JSON; members that are undefined are left out
 */
export function frozenCopy<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_name, member: unknown) => Object.freeze(member))
}
