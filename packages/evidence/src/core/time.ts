/** ISO 8601 in UTC, to the second (`2026-06-15T12:00:00Z`), of milliseconds since 1970. */
export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/**
 * Milliseconds since 1970 of an ISO 8601 time in UTC: date, `T`, time, optional fraction, `Z`.
 * @returns undefined when `text` is anything else, or names no real day or time
 */
export function parseIsoTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)) return undefined
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) return undefined
  // Date.parse carries 2026-02-30 over into March on some runtimes: the text must say what the number says.
  return isoTime(ms).slice(0, 19) === text.slice(0, 19) ? ms : undefined
}

/**
 * Milliseconds of the `at` a caller gave.
 * @throws TypeError when it is not a valid Date
 */
export function evaluationTime(at: Date): number {
  const ms = at instanceof Date ? at.getTime() : Number.NaN
  if (Number.isNaN(ms)) throw new TypeError('`at` must be a valid Date: the time to judge the evidence at')
  return ms
}
