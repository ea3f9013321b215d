import { equalBytes } from '../../core/bytes.ts'
import { coverOf, EV, type LoggedEvent } from '../../eventlog/events.ts'
import { readVariable, switchOf } from '../../eventlog/uefi.ts'
import { type EventLog, eventsOf, separatorDigests } from './log.ts'
import { separatorsOf } from './separators.ts'

/** What firmware measured of UEFI Secure Boot. */
export interface SecureBootState {
  readonly state: 'on' | 'off' | 'unknown'
  /** Number of the event that says so. */
  readonly event?: number
  readonly because: string
}

/**
 * Whether UEFI Secure Boot was on, as far as RTMR0 covers it: events before the separator that agree, whose digests
 * are those of the variable. Worth nothing unless the log replays to RTMR0 of a verified quote, and MRTD is
 * that of firmware which measures so.
 *
 * @throws Error when the log's digest jobs are not settled
 */
export function secureBootState(log: EventLog): SecureBootState {
  const [end] = separatorsOf(log, 'rtmr0')
  if (end === undefined) return { state: 'unknown', because: 'nothing ends what firmware measured' }
  const { normal, error } = separatorDigests(log)
  // After an error, or with a separator of other bytes, nobody knows that firmware measured all that stands before.
  if (!normal.some((digest) => equalBytes(digest, end.digest)))
    return {
      state: 'unknown',
      because: `event ${end.number} says that firmware failed, or is no separator of firmware`,
    }
  const before = eventsOf(log.events, 'rtmr0').filter((event) => event.number < end.number)
  const said = before.filter(namesSecureBoot)
  const [event] = said
  if (event === undefined)
    return { state: 'unknown', because: 'the log has no SecureBoot variable before the separator' }
  if (said.some((other) => other.type !== event.type || !equalBytes(other.data, event.data))) {
    return { state: 'unknown', because: 'the log has SecureBoot variables that differ' }
  }
  // A separator after an error, renamed: what follows it is not the firmware's.
  if (before.some((one) => one.number < event.number && equalBytes(one.digest, error))) {
    return { state: 'unknown', because: 'an event before the SecureBoot variable may be a separator' }
  }
  const wrong = event.type === EV.driverConfig ? said.find((one) => coverOf(one) !== 'all') : event
  if (wrong !== undefined) {
    return { state: 'unknown', because: `the digest of event ${wrong.number} is not that of the variable it claims` }
  }
  const variable = readVariable(event.data)
  const on = variable === undefined ? undefined : switchOf(variable)?.on
  if (on === undefined) return { state: 'unknown', because: `event ${event.number} says neither on nor off` }
  return { state: on ? 'on' : 'off', event: event.number, because: `event ${event.number} measured it` }
}

/** Whether an event's data call it the SecureBoot variable, whatever type it has: types are not measured. */
export function namesSecureBoot(event: LoggedEvent): boolean {
  const variable = readVariable(event.data)
  return variable !== undefined && switchOf({ ...variable, value: new Uint8Array(0) })?.name === 'SecureBoot'
}
