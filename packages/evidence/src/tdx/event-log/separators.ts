import { isSeparator, type LoggedEvent } from '../../eventlog/events.ts'
import { type EventLog, eventsOf, type Rtmr, separatorDigests } from './log.ts'

/**
 * The separators of a register, in order: events of that type, and events with the digest of one. A type
 * can be renamed, a digest cannot.
 *
 * @throws Error when the log's digest jobs are not settled
 */
export function separatorsOf(log: EventLog, register: Rtmr): readonly LoggedEvent[] {
  // The value after an error counts by type only: a BootOrder of Boot0001, Boot0000 has the same bytes.
  const digests = separatorDigests(log).normal
  return eventsOf(log.events, register).filter((event) => isSeparator(event, digests))
}

/** Number of the event that ends the firmware's part of a register: its first separator. */
export function firmwareEnd(log: EventLog, register: Rtmr): number | undefined {
  return separatorsOf(log, register)[0]?.number
}
