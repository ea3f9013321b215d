import { fail, mend, notApplicable, pass, REPLACE_EVIDENCE } from '../core/engine.ts'
import { type JsonObject, memberOf } from '../core/json.ts'
import { isoTime } from '../core/time.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { SERVICES } from './services.ts'
import type { TokenState } from './state.ts'

/** Clocks may differ by this much, in milliseconds. */
const SLACK = 5 * 60 * 1000

/** What mends a token that is not of this moment. */
export const NEW_TOKEN: Remedy = mend('ask for a new token; judge a stored one at its own time', 'workload-owner')

/** Whether the token has not ended. */
export function expiry({ token, service, at }: TokenState): Finding {
  const end = secondsOf(token.claims, 'exp')
  if (end === undefined)
    return SERVICES[service].expires
      ? fail('the token has no end, and tokens of this service always have one', REPLACE_EVIDENCE, { expected: 'exp' })
      : notApplicable('the token has no end')
  if (at < end) return pass('the token has not expired', { expected: `before ${isoTime(end)}`, actual: isoTime(at) })
  const details = { expected: `before ${isoTime(end + SLACK)}`, actual: isoTime(at) }
  return at < end + SLACK
    ? pass('the token ended, but within the 5 minutes by which clocks may differ', details)
    : fail('the token has expired, also by a clock that is 5 minutes late', NEW_TOKEN, details)
}

/** Whether the token has begun. */
export function begun({ token, at }: TokenState): Finding {
  const starts = ['nbf', 'iat'].map((name) => secondsOf(token.claims, name)).filter((one) => one !== undefined)
  if (starts.length === 0) return notApplicable('the token has no beginning')
  const start = Math.max(...starts)
  if (at >= start)
    return pass('the token is valid already', { expected: `from ${isoTime(start)}`, actual: isoTime(at) })
  const details = { expected: `from ${isoTime(start - SLACK)}`, actual: isoTime(at) }
  return at >= start - SLACK
    ? pass('the token begins later, but within the 5 minutes by which clocks may differ', details)
    : fail('the token is not valid yet, also by a clock that is 5 minutes early', NEW_TOKEN, details)
}

function secondsOf(claims: JsonObject, name: string): number | undefined {
  const value = memberOf(claims, name)
  return typeof value === 'number' ? value * 1000 : undefined
}

/** Whether claims are in date as a token's must be; those without an end or a beginning are. */
export function isInDate(claims: JsonObject, at: number): boolean {
  const end = secondsOf(claims, 'exp')
  const starts = ['nbf', 'iat'].map((name) => secondsOf(claims, name)).filter((one) => one !== undefined)
  return (end === undefined || at < end + SLACK) && starts.every((one) => at >= one - SLACK)
}
