import { allZero, equalBytes, toHex } from '../../core/bytes.ts'
import type { LoggedEvent } from '../../eventlog/events.ts'
import { type EventLog, eventsOf, RTMRS, type Rtmr, type Rtmrs } from './log.ts'

/**
 * How a register and the log agree.
 *
 * - `equal`: the log replays to the register.
 * - `not-logged`: the log has no event of this register, and the register is not zero. Normal for RTMR3:
 *   kernels extend it without writing to the firmware's log.
 * - `prefix`: the register equals the log up to `matchesUpTo`.
 * - `not-extended`: the register is zero, and the log has events of it.
 * - `other-register`: the register equals what the log says of another one.
 * - `different`: none of these.
 */
export type RegisterAgreement = 'equal' | 'not-logged' | 'prefix' | 'not-extended' | 'other-register' | 'different'

/** One register of the quote beside what the log replays to. */
export interface RegisterComparison {
  readonly register: Rtmr
  /** Lower-case hex. */
  readonly replayed: string
  /** Lower-case hex. */
  readonly quoted: string
  readonly equal: boolean
  readonly agreement: RegisterAgreement
  /** How many events of the log extend the register. */
  readonly events: number
  /** `prefix`: number of the last event that the register holds. */
  readonly matchesUpTo?: number
  /** What is most likely the case, in one sentence; also for equality. */
  readonly explanation: string
}

/**
 * Compares what the log replays to with the registers of a quote, and says for each difference what
 * is most likely the case. The log is not believed anywhere here: equality is a fact about digests.
 *
 * @param registers RTMR0 to RTMR3 as the quote has them, 48 bytes each
 * @throws Error when the log's replay jobs are not settled
 */
export function compareRegisters(log: EventLog, registers: Rtmrs): readonly RegisterComparison[] {
  return RTMRS.map((register) => compareOne(log, register, registers[register]))
}

function compareOne(log: EventLog, register: Rtmr, quoted: Uint8Array): RegisterComparison {
  const replayed = resultOf(log, register)
  const events = eventsOf(log.events, register)
  const difference = equalBytes(replayed, quoted)
    ? ({ agreement: 'equal', explanation: agreed(events.length) } as const)
    : explainDifference(log, register, quoted, events)
  return {
    register,
    replayed: toHex(replayed),
    quoted: toHex(quoted),
    equal: difference.agreement === 'equal',
    events: events.length,
    ...difference,
  }
}

function agreed(events: number): string {
  if (events === 0) return 'nothing was extended into the register, and the log has no event of it'
  return events === 1
    ? "the log's one event replays to the register"
    : `the log's ${events} events replay to the register`
}

type Difference = Pick<RegisterComparison, 'agreement' | 'explanation' | 'matchesUpTo'>

function explainDifference(
  log: EventLog,
  register: Rtmr,
  quoted: Uint8Array,
  events: readonly LoggedEvent[],
): Difference {
  if (events.length === 0) {
    const explanation = 'the log has no event of this register: whatever was extended into it was not logged here'
    return { agreement: 'not-logged', explanation }
  }
  if (allZero(quoted)) {
    const explanation = `the register was never extended, so that none of the log's ${events.length} events was measured: the log is of another machine or boot, or was made up`
    return { agreement: 'not-extended', explanation }
  }
  return (
    matchingPrefix(log, register, quoted, events) ??
    matchingRegister(log, register, quoted) ?? {
      agreement: 'different',
      explanation: `no beginning of the log's ${events.length} events leads to the register: an event was changed, added, left out or moved, or the log is of another machine or boot`,
    }
  )
}

function matchingPrefix(
  log: EventLog,
  register: Rtmr,
  quoted: Uint8Array,
  events: readonly LoggedEvent[],
): Difference | undefined {
  const steps = log.replay[register].steps ?? []
  const position = steps.findIndex((value) => equalBytes(value, quoted))
  const last = events[position]
  const next = events[position + 1]
  if (last === undefined || next === undefined) return undefined
  return {
    agreement: 'prefix',
    matchesUpTo: last.number,
    explanation: `the register equals the log up to event ${last.number}, so that events from ${next.number} on were not measured, were measured after the quote, or were added later`,
  }
}

function matchingRegister(log: EventLog, register: Rtmr, quoted: Uint8Array): Difference | undefined {
  const other = RTMRS.find((one) => one !== register && equalBytes(resultOf(log, one), quoted))
  if (other === undefined) return undefined
  return {
    agreement: 'other-register',
    explanation: `the register equals what the log says of ${other.toUpperCase()}: the log names the wrong registers`,
  }
}

function resultOf(log: EventLog, register: Rtmr): Uint8Array {
  const result = log.replay[register].result
  if (result === undefined) throw new Error('a register was not replayed before it was needed')
  return result
}
