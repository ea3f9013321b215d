import { coverOf, EV } from '../../eventlog/events.ts'
import { type BankLog, isBankSeparator } from './measured-log.ts'
import { WBCL_NAMES } from './wbcl-names.ts'

/** One value that Windows measured. */
export interface WbclValue {
  readonly id: number
  /** Undefined for ids without a known meaning. */
  readonly name: string | undefined
  readonly pcr: number
  /** Number of the event in the log. */
  readonly event: number
  readonly data: Uint8Array
}

/** An RSA key of Virtual Secure Mode, as measured. */
export interface VsmKey {
  readonly pcr: number
  /** 1: RSA. */
  readonly algorithm: number
  readonly bits: number
  readonly exponent: Uint8Array
  readonly modulus: Uint8Array
}

/** What Windows measured in PCR 12 to 14, as far as digests and positions bear it out. */
export interface WindowsLog {
  /** Values that were measured before the separator of their PCR, and whose digest fits. */
  readonly values: readonly WbclValue[]
  /** Events in PCR 12 to 14 whose data do not have their digest. */
  readonly unbound: readonly number[]
  /** Events after the separator of their PCR: anybody in the running system can have made them. */
  readonly afterSeparator: readonly number[]
  /** PCRs with a second separator. */
  readonly separatorTwice: readonly number[]
  /** PCRs 12 to 14 without a separator. */
  readonly separatorMissing: readonly number[]
  /** Events that could hide a setting: tagged by somebody else, or in PCR 12 and 13 neither tagged nor a separator. */
  readonly hidden: readonly number[]
}

const MAX_DEPTH = 4
const MAX_VALUES = 16384
const NOT_MEASURED = 0x80000000
const AGGREGATION = 0x40000000

/**
 * Reads the events of Windows' boot (WBCL) in one bank of a settled log.
 *
 * @see Windows SDK, wbcl.h (SIPA events)
 * @returns undefined when the log has none
 */
export function readWindowsLog(log: BankLog): WindowsLog | undefined {
  const values: WbclValue[] = []
  const unbound: number[] = []
  const afterSeparator: number[] = []
  const separatorTwice: number[] = []
  const hidden: number[] = []
  const ended = new Set<number>()
  const seen = new Set<number>()
  for (const event of log.events) {
    const pcr = pcrOf(event.register)
    // Windows ends PCR 12 to 14 before anything else runs, and never PCR 11: what that one has may be of the running system.
    if (pcr < 12 || pcr > 14 || !event.extends) continue
    if (isBankSeparator(log, event) === 'windows') {
      if (ended.has(pcr)) separatorTwice.push(pcr)
      ended.add(pcr)
    } else if (event.type === EV.eventTag) {
      seen.add(pcr)
      if (ended.has(pcr)) afterSeparator.push(event.number)
      else if (coverOf(event) !== 'all') (isForeign(event.data) ? hidden : unbound).push(event.number)
      else if (!readTags(event.data, pcr, event.number, values, 0)) unbound.push(event.number)
    } else if (ended.has(pcr)) afterSeparator.push(event.number)
    else if (pcr !== 14) hidden.push(event.number)
  }
  if (!values.some(({ name }) => name !== undefined) && unbound.length === 0 && afterSeparator.length === 0)
    return undefined
  const separatorMissing = [...seen].filter((pcr) => !ended.has(pcr))
  return { values, unbound, afterSeparator, separatorTwice, separatorMissing, hidden }
}

// systemd's stub tags what it loads with numbers of its own, and measures that instead of the data. Below the two highest
// bits, Windows' numbers have 20.
function isForeign([, , third = 0, fourth = 0]: Uint8Array): boolean {
  return third > 0xf || (fourth & 0x3f) !== 0
}

/** The PCR of a register's name; -1 for none. */
export function pcrOf(register: string | undefined): number {
  return register === undefined ? -1 : Number(register.slice(3))
}

// A sequence of id, size, bytes; an aggregation holds another. False when the sizes do not fit.
function readTags(data: Uint8Array, pcr: number, event: number, into: WbclValue[], depth: number): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let at = 0
  while (at < data.length) {
    if (at + 8 > data.length || into.length >= MAX_VALUES) return false
    const id = view.getUint32(at, true)
    const size = view.getUint32(at + 4, true)
    at += 8
    if (size > data.length - at) return false
    const bytes = data.subarray(at, at + size)
    at += size
    // The trust point is a quote inside of the log; it is not measured.
    if (id >= NOT_MEASURED) continue
    if ((id & AGGREGATION) !== 0) {
      if (depth === MAX_DEPTH || !readTags(bytes, pcr, event, into, depth + 1)) return false
      into.push({ id, name: WBCL_NAMES[id], pcr, event, data: bytes })
    } else {
      into.push({ id, name: WBCL_NAMES[id], pcr, event, data: bytes })
    }
  }
  return true
}

/** The number that a value is, up to 64 bits; undefined for empty or longer ones and those over 2^53. */
export function numberOf({ data }: Pick<WbclValue, 'data'>): number | undefined {
  if (data.length === 0 || data.length > 8) return undefined
  let value = 0
  for (let i = data.length - 1; i >= 0; i--) value = value * 256 + (data[i] as number)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Every number measured under a name, in order; none when one of the values is no number: it could contradict the others. */
export function numbersOf(windows: WindowsLog, name: string): readonly number[] {
  const found: number[] = []
  for (const value of windows.values) {
    if (value.name !== name) continue
    const number = numberOf(value)
    if (number === undefined) return []
    found.push(number)
  }
  return found
}

/** The key that a VSM identity value carries; undefined when its lengths do not fit. */
export function vsmKeyOf({ data, pcr }: WbclValue): VsmKey | undefined {
  if (data.length < 16) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const exponentBytes = view.getUint32(8, true)
  const modulusBytes = view.getUint32(12, true)
  if (exponentBytes + modulusBytes !== data.length - 16) return undefined
  const exponent = data.subarray(16, 16 + exponentBytes)
  return {
    pcr,
    algorithm: view.getUint32(0, true),
    bits: view.getUint32(4, true),
    exponent,
    modulus: data.subarray(16 + exponentBytes),
  }
}
