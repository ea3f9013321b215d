import { settle } from '#crypto'
import type { DigestAlgorithm } from '../../crypto/jobs.ts'
import { type BootFacts, readBootFacts } from './facts.ts'
import {
  type BankLog,
  compareReplay,
  type MeasuredLog,
  type PcrValues,
  type ReplayResult,
  readMeasuredLog,
} from './measured-log.ts'
import { pcrOf, readWindowsLog, type WindowsLog } from './wbcl.ts'
import { type WindowsClaims, windowsClaims } from './windows.ts'

/** Why a log must not be believed although it replays, or does not replay. */
export type BootLogFault =
  | 'replay-mismatch'
  | 'duplicate-separator'
  | 'event-after-separator'
  | 'event-digest'
  | 'secure-boot-contradiction'

/** A log explained in one bank. */
export interface ExplainedBank {
  readonly bank: DigestAlgorithm
  readonly log: BankLog
  /** Undefined when no values of this bank were given. */
  readonly replay: ReplayResult | undefined
  readonly facts: BootFacts
  readonly windowsLog: WindowsLog | undefined
  readonly windows: WindowsClaims | undefined
  /** The first that applies. */
  readonly fault: BootLogFault | undefined
}

/** A log explained in each of its banks: none speaks for another. */
export interface ExplainedBootLog {
  readonly measured: MeasuredLog
  readonly banks: readonly ExplainedBank[]
}

/**
 * Explains an event log on its own, beside PCR values that the caller has from elsewhere. Nothing here is
 * proven unless a quote covers those values: see {@link verifyTpm}.
 *
 * @throws EvidenceError when the log cannot be read
 */
export async function explainBootLog(bytes: Uint8Array, values: PcrValues = {}): Promise<ExplainedBootLog> {
  const measured = readMeasuredLog(new Uint8Array(bytes))
  await settle(measured.jobs)
  return {
    measured,
    banks: measured.banks.map((bank) => explainBank(bank, values[bank.bank], measured.startupLocality)),
  }
}

/**
 * Explains one bank of a settled log.
 * @param strict true to take facts only from PCRs that replay to `values`
 */
export function explainBank(
  whole: BankLog,
  values: Readonly<Record<string, string>> | undefined,
  locality: number,
  strict = false,
): ExplainedBank {
  const replay = values === undefined ? undefined : compareReplay(whole, values, locality)
  const log = strict ? onlyPcrs(whole, replay?.matching ?? []) : whole
  const facts = readBootFacts(log)
  const windowsLog = readWindowsLog(log)
  const windows = windowsLog === undefined ? undefined : windowsClaims(windowsLog, facts.secureBoot)
  return { bank: log.bank, log, replay, facts, windowsLog, windows, fault: faultOf(replay, facts, windowsLog) }
}

// Windows' settings count from PCR 12 on: the others repeat or detail them.
function onlyPcrs(log: BankLog, pcrs: readonly number[]): BankLog {
  const counts = (pcr: number): boolean => pcrs.includes(pcr) && (pcr < 11 || pcr > 14 || pcrs.includes(12))
  return { ...log, events: log.events.filter(({ register }) => counts(pcrOf(register))) }
}

function faultOf(
  replay: ReplayResult | undefined,
  { secureBoot }: BootFacts,
  windows: WindowsLog | undefined,
): BootLogFault | undefined {
  if (replay !== undefined && replay.differing.length > 0) return 'replay-mismatch'
  if (windows !== undefined && windows.separatorTwice.length > 0) return 'duplicate-separator'
  if (windows !== undefined && windows.afterSeparator.length > 0) return 'event-after-separator'
  if (secureBoot.unbound.length > 0 || (windows !== undefined && windows.unbound.length > 0)) return 'event-digest'
  return secureBoot.contradiction ? 'secure-boot-contradiction' : undefined
}
