/** ISO 8601 in UTC, to the second (`2026-06-15T12:00:00Z`), of milliseconds since 1970. */
export function isoTime(ms: number): string {
  const time = new Date(ms)
  const year = time.getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) throw new RangeError('the time is outside of the years 0 to 9999')
  const month = time.getUTCMonth() + 1
  const day = time.getUTCDate()
  const hour = time.getUTCHours()
  const minute = time.getUTCMinutes()
  const second = time.getUTCSeconds()
  // In one go: a text that is put together of pieces keeps them all, ten times its size.
  // biome-ignore format: one line for each part
  return String.fromCharCode(
    digit(year / 1000), digit(year / 100), digit(year / 10), digit(year),
    DASH, digit(month / 10), digit(month),
    DASH, digit(day / 10), digit(day),
    LETTER_T, digit(hour / 10), digit(hour),
    COLON, digit(minute / 10), digit(minute),
    COLON, digit(second / 10), digit(second), LETTER_Z,
  )
}

const [DASH, COLON, LETTER_T, LETTER_Z] = [0x2d, 0x3a, 0x54, 0x5a]

// The last digit before the point, as a character code.
function digit(number: number): number {
  return 48 + (Math.floor(number) % 10)
}

/**
 * Milliseconds since 1970 of an ISO 8601 time in UTC: date, `T`, time, optional fraction, `Z`.
 * @returns undefined when `text` is anything else, or names no real day or time
 */
export function parseIsoTime(text: string): number | undefined {
  if (!FORM.test(text)) return undefined
  const day = pair(text, 8)
  // Whole seconds of a day that every month has need no parser. Date.UTC takes the years before 100 for others.
  if (text.length === 20 && text >= '01' && day > 0 && day < 29)
    return Date.UTC(+text.slice(0, 4), pair(text, 5) - 1, day, pair(text, 11), pair(text, 14), pair(text, 17))
  const ms = Date.parse(text)
  // Date.parse carries 2026-02-30 over into March on some runtimes.
  return new Date(ms).getUTCDate() === day ? ms : undefined
}

const FORM = /^\d{4}-(?:0[1-9]|1[0-2])-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/

// Two digits.
function pair(text: string, at: number): number {
  return 10 * (text.charCodeAt(at) - 48) + text.charCodeAt(at + 1) - 48
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
