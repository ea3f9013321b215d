import { replay } from '#crypto'
import type { DigestJob, ReplayJob } from '../../crypto/jobs.ts'
import type { LoggedEvent } from '../../eventlog/events.ts'

/** The registers that a TD extends after launch. */
export type Rtmr = 'rtmr0' | 'rtmr1' | 'rtmr2' | 'rtmr3'

/** In the order of the quote. */
export const RTMRS: readonly Rtmr[] = ['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3']

/** Registers by name; each value has 48 bytes. */
export type Rtmrs<T = Uint8Array> = Readonly<Record<Rtmr, T>>

/** A measured-boot log of a TD, parsed and not yet compared with anything. */
export interface EventLog {
  /** `tcg-ccel`: the firmware's log area. `dstack-json`: the JSON that dstack's guest agent hands out. */
  readonly format: 'tcg-ccel' | 'dstack-json'
  /** Every event, also those that are not measured, in the order of the log. */
  readonly events: readonly LoggedEvent[]
  /** Bytes that the events take up, and bytes in all: what lies between is filler. */
  readonly bytesUsed: number
  readonly totalBytes: number
  /** The log's events replayed, from zeros. */
  readonly replay: Rtmrs<ReplayJob>
  /** Digests of the three values of a separator: two for a boot without errors, one after an error. */
  readonly separators: readonly DigestJob[]
}

/** Bytes of a register and of its digests: SHA-384. */
export const REGISTER_BYTES = 48

/** Puts a log together: one replay a register, over the events that extend it. */
export function eventLog(
  format: EventLog['format'],
  events: readonly LoggedEvent[],
  bytesUsed: number,
  totalBytes: number,
): EventLog {
  const replayOf = (register: Rtmr): ReplayJob => ({
    kind: 'replay',
    by: replay,
    algorithm: 'sha384',
    initial: new Uint8Array(REGISTER_BYTES),
    events: eventsOf(events, register).map((event) => event.digest),
    steps: [],
  })
  return {
    format,
    events,
    bytesUsed,
    totalBytes,
    replay: { rtmr0: replayOf('rtmr0'), rtmr1: replayOf('rtmr1'), rtmr2: replayOf('rtmr2'), rtmr3: replayOf('rtmr3') },
    separators: SEPARATORS.map((data) => ({ kind: 'digest', algorithm: 'sha384', data: Uint8Array.from(data) })),
  }
}

const SEPARATORS: readonly (readonly number[])[] = [
  [0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [1, 0, 0, 0],
]

/** The events that extend a register, in order. */
export function eventsOf(events: readonly LoggedEvent[], register: Rtmr): readonly LoggedEvent[] {
  return events.filter((event) => event.extends && event.register === register)
}

/** Digests of the separator values. @throws Error when the log's digest jobs are not settled */
export function separatorDigests(log: EventLog): {
  readonly normal: readonly Uint8Array[]
  readonly error: Uint8Array
} {
  const [zero, ones, error] = log.separators.map((job) => job.result)
  if (zero === undefined || ones === undefined || error === undefined) {
    throw new Error('a digest was not computed before it was needed')
  }
  return { normal: [zero, ones], error }
}
