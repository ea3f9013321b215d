import { replay } from '#crypto'
import { equalBytes, toHex } from '../../core/bytes.ts'
import type { DigestAlgorithm, DigestJob, Job, ReplayJob } from '../../crypto/jobs.ts'
import { EV, type LoggedEvent, loggedEvent } from '../../eventlog/events.ts'
import { parseTcgLog, type TcgEvent, type TcgLog } from '../../eventlog/tcg.ts'
import { startsWith } from '../../eventlog/text.ts'
import { computable, hashOf, hashSize } from '../../tpm-structures/algorithms.ts'

/** Number of PCRs of a PC Client TPM. */
export const PCR_COUNT = 24

/** A log seen in one bank: the digests of that bank alone. */
export interface BankLog {
  readonly bank: DigestAlgorithm
  /** Replays of the registers that the log extends, by PCR. */
  readonly replays: ReadonlyMap<number, ReplayJob>
  /** Of PCR 17 to 22 the replays after a dynamic launch, which resets them to zero. */
  readonly launched: ReadonlyMap<number, ReplayJob>
  readonly events: readonly LoggedEvent[]
  /** Digests of what firmware, first after an error, and Windows measure as separators. */
  readonly separators: { readonly firmware: readonly DigestJob[]; readonly windows: DigestJob }
  /** Digests of what firmware measures of secure boot: that it is off, on, and off for want of a value. */
  readonly secureBoot: readonly DigestJob[]
}

/** A log as read, with the work that tells what it is worth. */
export interface MeasuredLog {
  readonly log: TcgLog
  /** Locality of TPM2_Startup, which PCR 0 begins with. */
  readonly startupLocality: number
  readonly banks: readonly BankLog[]
  readonly jobs: readonly Job[]
}

/**
 * Reads an event log of a TPM and plans its replays, bank by bank.
 *
 * @param banks the banks to look at; all computable ones of the log when undefined
 * @param explained the bank whose events are to be explained; all when undefined. Others are replayed only
 * @see TCG PC Client Platform Firmware Profile 1.06, sections 3.3.4 and 10
 * @throws EvidenceError
 */
export function readMeasuredLog(
  bytes: Uint8Array,
  banks?: readonly DigestAlgorithm[],
  explained?: DigestAlgorithm,
): MeasuredLog {
  const log = parseTcgLog(bytes, { zeroEntry: 'event' })
  const startupLocality = localityOf(log.events)
  const found = banksOf(log).filter((bank) => banks === undefined || banks.includes(bank))
  const read = found.map((bank) => bankLog(bank, log, startupLocality))
  return { log, startupLocality, banks: read, jobs: read.flatMap((one) => jobsOf(one, explained ?? one.bank)) }
}

function banksOf({ specId }: TcgLog): readonly DigestAlgorithm[] {
  if (specId === undefined) return ['sha1']
  const banks: DigestAlgorithm[] = []
  for (const { id } of specId.algorithms) {
    const name = hashOf(id)
    const bank = name === undefined ? undefined : computable(name)
    if (bank !== undefined) banks.push(bank)
  }
  return banks
}

const LOCALITY = 'StartupLocality\0'

// EV_NO_ACTION of PCR 0; the last byte of the PCR's first value.
function localityOf(events: readonly TcgEvent[]): number {
  for (const { type, index, data } of events) {
    if (type === EV.noAction && index === 0 && data.length === 17 && startsWith(data, LOCALITY))
      return data[16] as number
  }
  return 0
}

function bankLog(bank: DigestAlgorithm, log: TcgLog, locality: number): BankLog {
  const extended = new Map<number, Uint8Array[]>()
  const events: LoggedEvent[] = []
  const none = new Uint8Array(0)
  for (const { number, index, type, digests, data } of log.events) {
    const digest = digests.find((one) => hashOf(one.algorithm) === bank)?.digest
    const extends_ = type !== EV.noAction && index < PCR_COUNT && digest !== undefined
    if (extends_) {
      const list = extended.get(index)
      if (list === undefined) extended.set(index, [digest])
      else list.push(digest)
    }
    const register = index < PCR_COUNT ? `pcr${index}` : undefined
    events.push(loggedEvent({ number, register, extends: extends_, type, digest: digest ?? none, data }, bank))
  }
  const replays = new Map<number, ReplayJob>()
  const launched = new Map<number, ReplayJob>()
  const size = hashSize(bank)
  for (const [index, events] of extended) {
    const from = (initial: Uint8Array): ReplayJob => ({ kind: 'replay', by: replay, algorithm: bank, initial, events })
    replays.set(index, from(initialValue(index, size, locality)))
    if (isLaunchPcr(index)) launched.set(index, from(new Uint8Array(size)))
  }
  const over = (data: readonly number[]): DigestJob => ({
    kind: 'digest',
    algorithm: bank,
    data: Uint8Array.from(data),
  })
  const separators = {
    firmware: [over([1, 0, 0, 0]), over([0, 0, 0, 0]), over([255, 255, 255, 255])],
    windows: over([0x57, 0x42, 0x43, 0x4c]),
  }
  const secureBoot = SECURE_BOOT_VALUES.map((value) => over(secureBootVariable(value)))
  return { bank, replays, launched, events, separators, secureBoot }
}

// Off, on, and off where the variable is not there: firmware then measures no value.
const SECURE_BOOT_VALUES: readonly (readonly number[])[] = [[0], [1], []]

// UEFI_VARIABLE_DATA of `SecureBoot`: GUID of the global variables, 10 characters, size of the value, name, value.
function secureBootVariable(value: readonly number[]): readonly number[] {
  return [
    ...[0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c],
    ...[10, 0, 0, 0, 0, 0, 0, 0, value.length, 0, 0, 0, 0, 0, 0, 0],
    ...[...'SecureBoot'].flatMap((letter) => [letter.charCodeAt(0), 0]),
    ...value,
  ]
}

/** What a PCR holds before anything is extended. @see TCG PC Client Platform TPM Profile 1.05, section 4.6.2 */
export function initialValue(index: number, size: number, locality: number): Uint8Array {
  const value = new Uint8Array(size)
  if (isLaunchPcr(index)) value.fill(0xff)
  if (index === 0) value[size - 1] = locality
  return value
}

function isLaunchPcr(index: number): boolean {
  return index >= 17 && index <= 22
}

function jobsOf(log: BankLog, explained: DigestAlgorithm): readonly Job[] {
  const { replays, launched, events, separators } = log
  const jobs: Job[] = [...replays.values(), ...launched.values()]
  if (log.bank !== explained) return jobs
  jobs.push(...separators.firmware, separators.windows, ...log.secureBoot)
  for (const { preimages } of events) for (const { job } of preimages) jobs.push(job)
  return jobs
}

/** The value that a log gives a PCR; undefined when it does not extend it. @throws Error when it is not settled */
export function replayed(bank: BankLog, index: number): Uint8Array | undefined {
  const job = bank.replays.get(index)
  if (job === undefined) return undefined
  if (job.result === undefined) throw new Error('a replay was not made before it was needed')
  return job.result
}

/** Values of PCRs, in hex, by bank and index, as a TPM tells them or a quote vouches for them. */
export type PcrValues = Readonly<Partial<Record<string, Readonly<Record<string, string>>>>>

/** How a log compares with the values of one bank. */
export interface ReplayResult {
  /** PCRs that replay to the value they have, ascending. */
  readonly matching: readonly number[]
  /** PCRs that do not. */
  readonly differing: readonly number[]
  /** PCRs that are neither at their first value nor in the log. */
  readonly unlogged: readonly number[]
}

/** Compares a settled log with PCR values of its bank. */
export function compareReplay(bank: BankLog, values: Readonly<Record<string, string>>, locality: number): ReplayResult {
  const matching: number[] = []
  const differing: number[] = []
  const unlogged: number[] = []
  for (let index = 0; index < PCR_COUNT; index++) {
    const actual = values[String(index)]
    if (actual === undefined) continue
    const value = replayed(bank, index)
    const both = [value, bank.launched.get(index)?.result]
    if (value !== undefined) (both.some((one) => one && toHex(one) === actual) ? matching : differing).push(index)
    else if (!isUntouched(actual, index, locality)) unlogged.push(index)
  }
  return { matching, differing, unlogged }
}

// PCR 17 to 22 are zero after a reset by dynamic launch, and all ones before.
function isUntouched(value: string, index: number, locality: number): boolean {
  const zero = initialValue(index === 0 ? 0 : 1, value.length / 2, locality)
  return toHex(zero) === value || (isLaunchPcr(index) && /^f+$/.test(value))
}

/** Whether an event, whatever type it claims, has the digest of a separator: types can be renamed, digests cannot. */
export function isBankSeparator({ separators }: BankLog, event: LoggedEvent): 'firmware' | 'windows' | undefined {
  if (!event.extends) return undefined
  const same = (job: DigestJob): boolean => job.result !== undefined && equalBytes(job.result, event.digest)
  if (same(separators.windows)) return 'windows'
  return separators.firmware.some(same) ? 'firmware' : undefined
}

/** Whether an event has the digest with which firmware ends a PCR after an error. */
export function isErrorSeparator({ separators }: BankLog, { digest }: LoggedEvent): boolean {
  const made = separators.firmware[0]?.result
  return made !== undefined && equalBytes(made, digest)
}

/** What an event measures of secure boot, whatever type and data the log gives it; undefined when that is nothing. */
export function measuredSecureBoot({ secureBoot }: BankLog, { digest }: LoggedEvent): boolean | undefined {
  const at = secureBoot.findIndex(({ result }) => result !== undefined && equalBytes(result, digest))
  return at < 0 ? undefined : at === 1
}
