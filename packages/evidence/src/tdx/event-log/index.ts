import type { DigestJob, ReplayJob } from '../../crypto/jobs.ts'
import { type ExplainedEvent, explainEvent } from '../../eventlog/explain.ts'
import { parseCcel } from './ccel.ts'
import { parseDstackLog } from './dstack.ts'
import type { EventLog, Rtmrs } from './log.ts'

export type { Detail } from '../../eventlog/details.ts'
export type { LoggedEvent } from '../../eventlog/events.ts'
export type { ExplainedEvent } from '../../eventlog/explain.ts'
export { type CcelTable, parseCcelTable } from './ccel-table.ts'
export { compareRegisters, type RegisterAgreement, type RegisterComparison } from './compare.ts'
export { eventLogFindings, type LogFinding } from './findings.ts'
export type { EventLog, Rtmr, Rtmrs } from './log.ts'
export { type SecureBootState, secureBootState } from './secure-boot.ts'

/**
 * Reads a measured-boot log of a TD: the firmware's CCEL area, or dstack's JSON. The bytes are copied.
 *
 * The way of a log:
 *
 *     const log = parseEventLog(bytes)                           // throws EvidenceError; no cryptography
 *     await settle(logJobs(log))                                 // or settleNow
 *     const registers = compareRegisters(log, { rtmr0, … })      // what of the quote the log accounts for
 *     const events = explainEventLog(log)                        // what was measured, in words
 *     const odd = eventLogFindings(log)                          // a second separator, …
 *     const secureBoot = secureBootState(log)                    // on, off, unknown
 *
 * Only a register that is `equal` vouches for its events, and only for their digests and order. The
 * `facts` of an explained event are what those digests cover; its `claims`, and all types, are covered
 * by nothing.
 *
 * @throws EvidenceError when the bytes are neither
 */
export function parseEventLog(input: Uint8Array): EventLog {
  // Not slice(): on a Buffer it does not copy.
  const bytes = new Uint8Array(input)
  return looksLikeJson(bytes) ? parseDstackLog(bytes) : parseCcel(bytes)
}

// No TCG log begins so: its first event would belong to a register above 90 or to none.
function looksLikeJson(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
  return first === 0x5b || first === 0x7b
}

/** The replay of each register; to be settled before {@link compareRegisters}. */
export function replayJobs(log: EventLog): Rtmrs<ReplayJob> {
  return log.replay
}

/** Digests to be settled before {@link explainEventLog} and {@link eventLogFindings}. */
export function digestJobs(log: EventLog): readonly DigestJob[] {
  return [...log.separators, ...log.events.flatMap((event) => event.preimages.map((preimage) => preimage.job))]
}

/** All jobs of a log. */
export function logJobs(log: EventLog): readonly (DigestJob | ReplayJob)[] {
  const { rtmr0, rtmr1, rtmr2, rtmr3 } = log.replay
  return [rtmr0, rtmr1, rtmr2, rtmr3, ...digestJobs(log)]
}

/**
 * Says of each event what was measured, and how much of that its digest bears out.
 *
 * @throws Error when the jobs of {@link digestJobs} are not settled
 */
export function explainEventLog(log: EventLog): readonly ExplainedEvent[] {
  return log.events.map(explainEvent)
}
