import { equalBytes } from '../../core/bytes.ts'
import { coverOf, type LoggedEvent } from '../../eventlog/events.ts'
import { type EventLog, eventsOf, type Rtmr } from './log.ts'
import { namesSecureBoot } from './secure-boot.ts'
import { firmwareEnd, separatorsOf } from './separators.ts'

/** Something in a log that a person should look at. */
export interface LogFinding {
  /**
   * - `second-separator`: RTMR0 and RTMR1 get one separator a boot. A second one blurs where firmware ends.
   * - `no-separator`: the firmware's part of RTMR0 or RTMR1 has no end: the log may be cut.
   * - `secure-boot-late`: a SecureBoot variable after the separator, where firmware measures none.
   * - `secure-boot-twice`: SecureBoot is measured again; suspicious when it says something else.
   * - `application-event`: an event of dstack whose name and payload do not have its digest, or, as a
   *   note, whose name could be split.
   * - `index`: the event names a register that TDX does not have, and was left out.
   */
  readonly id:
    | 'second-separator'
    | 'no-separator'
    | 'secure-boot-late'
    | 'secure-boot-twice'
    | 'application-event'
    | 'index'
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

function separatorFindings(log: EventLog, register: Rtmr): readonly LogFinding[] {
  const [first, ...more] = separatorsOf(log, register)
  if (first === undefined) {
    if (eventsOf(log.events, register).length === 0) return []
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
  const end = firmwareEnd(log, 'rtmr0')
  const [first, ...more] = eventsOf(log.events, 'rtmr0').filter(namesSecureBoot)
  if (first === undefined) return []
  const isLate = (event: LoggedEvent): boolean => end !== undefined && event.number > end
  const late = isLate(first) ? [secureBootFinding('secure-boot-late', 'suspicious', first)] : []
  // Firmware that enrols keys measures the variable again; saying the same thing twice misleads nobody.
  const again = more.map((event) =>
    secureBootFinding(
      isLate(event) ? 'secure-boot-late' : 'secure-boot-twice',
      equalBytes(event.data, first.data) ? 'note' : 'suspicious',
      event,
    ),
  )
  return [...late, ...again]
}

function secureBootFinding(
  id: 'secure-boot-late' | 'secure-boot-twice',
  severity: LogFinding['severity'],
  event: LoggedEvent,
): LogFinding {
  const text =
    id === 'secure-boot-late'
      ? `event ${event.number} measures SecureBoot after the separator: it is not the firmware's`
      : `event ${event.number} measures SecureBoot again`
  return { id, severity, register: 'rtmr0', event: event.number, text }
}

function applicationFindings(log: EventLog): readonly LogFinding[] {
  return eventsOf(log.events, 'rtmr3').flatMap((event): readonly LogFinding[] => {
    const cover = event.name === undefined ? 'all' : coverOf(event)
    if (cover === 'all') return []
    const text =
      cover === 'none'
        ? `the name of event ${event.number} has a colon in it, so that name and payload could be split elsewhere: neither may be believed`
        : `the name and payload of event ${event.number} do not have the digest that was measured: neither may be believed`
    const severity = cover === 'none' ? 'note' : 'suspicious'
    return [{ id: 'application-event', severity, register: 'rtmr3', event: event.number, text }]
  })
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
