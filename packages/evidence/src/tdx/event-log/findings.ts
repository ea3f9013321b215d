import { coverOf, isSeparator, type LoggedEvent } from '../../eventlog/events.ts'
import { EV } from '../../eventlog/event-types.ts'
import { switchOf } from '../../eventlog/details.ts'
import { readVariable } from '../../eventlog/uefi.ts'
import { type EventLog, eventsOf, type Rtmr, separatorDigests } from './log.ts'

/** Something in a log that a person should look at. */
export interface LogFinding {
  /**
   * - `second-separator`: RTMR0 and RTMR1 get one separator a boot. A second one blurs where firmware ends.
   * - `no-separator`: the firmware's part of RTMR0 or RTMR1 has no end: the log may be cut.
   * - `secure-boot-late`: a SecureBoot variable after the separator, where firmware measures none.
   * - `secure-boot-twice`: SecureBoot is measured more than once.
   * - `application-event`: an event of RTMR3 whose name and payload do not have its digest.
   * - `index`: the event names a register that TDX does not have, and was left out.
   */
  readonly id: 'second-separator' | 'no-separator' | 'secure-boot-late' | 'secure-boot-twice' | 'application-event' | 'index'
  /** `note`: harmless by itself. */
  readonly severity: 'suspicious' | 'note'
  readonly register?: string
  /** Number of the event. */
  readonly event?: number
  readonly text: string
}

/**
 * What is odd about a log, whether or not it replays. A log that replays may still be arranged to
 * mislead: whoever runs in the guest can extend any register, and can append what was extended.
 *
 * @throws Error when the log's digest jobs are not settled
 */
export function eventLogFindings(log: EventLog): readonly LogFinding[] {
  return [
    ...separatorFindings(log, 'rtmr0'),
    ...separatorFindings(log, 'rtmr1'),
    ...secureBootFindings(log),
    ...applicationFindings(log),
    ...indexFindings(log),
  ]
}

/** Number of the event that ends the firmware's part of a register; undefined when there is none. */
export function firstSeparator(log: EventLog, register: Rtmr): number | undefined {
  const digests = separatorDigests(log)
  return eventsOf(log.events, register).find((event) => isSeparator(event, digests))?.number
}

function separatorFindings(log: EventLog, register: Rtmr): readonly LogFinding[] {
  const digests = separatorDigests(log)
  const events = eventsOf(log.events, register)
  const [first, ...more] = events.filter((event) => isSeparator(event, digests))
  if (first === undefined) {
    if (events.length === 0) return []
    const text = `no separator ends what firmware measured into ${register.toUpperCase()}: the log may be cut`
    return [{ id: 'no-separator', severity: 'note', register, text }]
  }
  return more.map((event) => ({
    id: 'second-separator',
    severity: 'suspicious',
    register,
    event: event.number,
    text: `event ${event.number} is another separator of ${register.toUpperCase()} after event ${first.number}: firmware measures one, so that everything from event ${first.number} on may be the guest's own`,
  }))
}

function secureBootFindings(log: EventLog): readonly LogFinding[] {
  const register = 'rtmr0'
  const separator = firstSeparator(log, register)
  const said = eventsOf(log.events, register).filter(saysSecureBoot)
  const late = said.filter((event) => separator !== undefined && event.number > separator)
  return [
    ...late.map((event): LogFinding => ({
      id: 'secure-boot-late',
      severity: 'suspicious',
      register,
      event: event.number,
      text: `event ${event.number} measures SecureBoot after the separator: it is not the firmware's`,
    })),
    ...said.slice(1).map((event): LogFinding => ({
      id: 'secure-boot-twice',
      severity: 'suspicious',
      register,
      event: event.number,
      text: `event ${event.number} measures SecureBoot again after event ${said[0]?.number}: firmware measures it once`,
    })),
  ]
}

function saysSecureBoot(event: LoggedEvent): boolean {
  if (event.type !== EV.driverConfig) return false
  const variable = readVariable(event.data)
  return variable !== undefined && switchOf(variable)?.name === 'SecureBoot'
}

function applicationFindings(log: EventLog): readonly LogFinding[] {
  if (log.format !== 'dstack-json') return []
  return eventsOf(log.events, 'rtmr3')
    .filter((event) => coverOf(event) === undefined)
    .map((event) => ({
      id: 'application-event',
      severity: 'suspicious',
      register: 'rtmr3',
      event: event.number,
      text: `the name and payload of event ${event.number} do not have the digest that was measured: neither may be believed`,
    }))
}

function indexFindings(log: EventLog): readonly LogFinding[] {
  return log.events
    .filter((event) => event.register === undefined)
    .map((event) => ({
      id: 'index',
      severity: 'note',
      event: event.number,
      text: `event ${event.number} names no register of TDX and was left out`,
    }))
}
