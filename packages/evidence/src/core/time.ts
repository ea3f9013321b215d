/** ISO 8601 in UTC, to the second (`2026-06-15T12:00:00Z`), of milliseconds since 1970. */
export function isoTime(ms: number): string {
  const time = new Date(ms)
  const year = time.getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) throw new RangeError('the time is outside of the years 0 to 9999')
  const date = `${String(year).padStart(4, '0')}-${two(time.getUTCMonth() + 1)}-${two(time.getUTCDate())}`
  return `${date}T${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}Z`
}

function two(number: number): string {
  return number < 10 ? `0${number}` : `${number}`
}

/**
 * Milliseconds since 1970 of an ISO 8601 time in UTC: date, `T`, time, optional fraction, `Z`.
 * @returns undefined when `text` is anything else, or names no real day or time
 */
export function parseIsoTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)) return undefined
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) return undefined
  // Date.parse carries 2026-02-30 over into March on some runtimes, and 24:00 into the next day.
  return new Date(ms).getUTCDate() === Number(text.slice(8, 10)) ? ms : undefined
}

/**
 * Milliseconds of the `at` a caller gave.
 * @throws TypeError when it is not a valid Date
 */
export function evaluationTime(at: Date): number {
  const ms = at instanceof Date ? at.getTime() : Number.NaN
  if (!(ms >= 0 && ms < FAR_FUTURE))
    throw new TypeError('`at` must be a Date from 1970 to 9999: the time to judge the evidence at')
  return ms
}

const FAR_FUTURE: number = Date.UTC(10000, 0, 1)
