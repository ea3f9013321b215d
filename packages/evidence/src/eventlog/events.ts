import { equalBytes } from '../core/bytes.ts'
import type { DigestAlgorithm, DigestJob } from '../crypto/jobs.ts'
import { startsWith } from './text.ts'
import { readVariable } from './uefi.ts'

/** Event types that code refers to. */
export const EV = {
  noAction: 0x03,
  separator: 0x04,
  action: 0x05,
  eventTag: 0x06,
  crtmVersion: 0x08,
  ipl: 0x0d,
  nonhostCode: 0x0f,
  nonhostConfig: 0x10,
  nonhostInfo: 0x11,
  omitBootDeviceEvents: 0x12,
  driverConfig: 0x80000001,
  variableBoot: 0x80000002,
  bootApplication: 0x80000003,
  bootDriver: 0x80000004,
  runtimeDriver: 0x80000005,
  gpt: 0x80000006,
  efiAction: 0x80000007,
  firmwareBlob2: 0x8000000a,
  handoffTables2: 0x8000000b,
  variableBoot2: 0x8000000c,
  gpt2: 0x8000000d,
  hcrtm: 0x80000010,
  variableAuthority: 0x800000e0,
} as const

/** Bytes whose digest an event's digest may be, found in the event itself. */
export interface Preimage {
  readonly job: DigestJob
  readonly covers: Cover
}

/**
 * What of an event's data a digest covers. `all`: every detail. `core`: only the details marked so.
 * `none`: what was measured can be read in more ways than one.
 */
export type Cover = 'all' | 'core' | 'none'

/** One event of a log in any format, with what is needed to explain it. */
export interface LoggedEvent {
  /** Position in the log, from 0. */
  readonly number: number
  /** Name of the register, e.g. `rtmr1` or `pcr7`; undefined when the event belongs to none. */
  readonly register: string | undefined
  /** Whether a replay extends the register with the digest. */
  readonly extends: boolean
  readonly type: number
  /** Empty when the event has none in the algorithm looked at. */
  readonly digest: Uint8Array
  readonly data: Uint8Array
  /** Only of events that dstack's guest agent extends: their name, measured together with the data. */
  readonly name?: string
  /** Settle their jobs before the event is explained. */
  readonly preimages: readonly Preimage[]
}

const NONE: readonly Preimage[] = []

/**
 * The byte strings of an event that its digest may be over, each with the job that finds out.
 *
 * @see TCG PC Client Platform Firmware Profile 1.06, section 10.4; the GNU GRUB manual, section "Measured Boot"
 */
export function preimagesOf(type: number, data: Uint8Array, algorithm: DigestAlgorithm): readonly Preimage[] {
  const over = (bytes: Uint8Array, covers: Cover): Preimage => ({
    job: { kind: 'digest', algorithm, data: bytes },
    covers,
  })
  if (DATA_IS_MEASURED.has(type)) return [over(data, 'all')]
  if (type === EV.variableBoot) {
    // Most firmware measures the value alone, some the whole data.
    const variable = readVariable(data)
    return variable === undefined ? [over(data, 'all')] : [over(variable.value, 'core'), over(data, 'all')]
  }
  if (type !== EV.ipl) return NONE
  const label = grubLabel(data)
  if (label !== undefined) {
    const core = data.subarray(label.length)
    const bare = over(withoutNul(core), 'core')
    // Red Hat's measures a command with the NUL behind it.
    return label.endsWith(': ') || core.at(-1) !== 0 ? [bare] : [bare, over(core, 'core')]
  }
  const text = withoutNul(data)
  return text.length === data.length ? [over(data, 'all')] : [over(data, 'all'), over(text, 'all')]
}

// Types whose digest is over the event data as it stands. Everywhere else the data only describes what was measured.
const DATA_IS_MEASURED: ReadonlySet<number> = new Set([
  EV.separator,
  EV.action,
  EV.eventTag,
  EV.crtmVersion,
  EV.nonhostCode,
  EV.nonhostConfig,
  EV.nonhostInfo,
  EV.omitBootDeviceEvents,
  EV.driverConfig,
  EV.gpt,
  EV.efiAction,
  EV.variableBoot2,
  EV.gpt2,
  EV.hcrtm,
  EV.variableAuthority,
])

/** Labels that GRUB puts before the text it measured; those without a colon are of Red Hat's, from before GRUB had its own. */
export const GRUB_LABELS = [
  'grub_cmd: ',
  'kernel_cmdline: ',
  'module_cmdline: ',
  'grub_cmd ',
  'grub_kernel_cmdline ',
] as const

/** The GRUB label that event data begins with. */
export function grubLabel(data: Uint8Array): string | undefined {
  return GRUB_LABELS.find((label) => startsWith(data, label))
}

function withoutNul(data: Uint8Array): Uint8Array {
  return data.at(-1) === 0 ? data.subarray(0, -1) : data
}

/**
 * What of an event's data its digest covers; undefined when the digest is over something else.
 *
 * @throws Error when a job of `preimages` is not settled
 */
export function coverOf(event: LoggedEvent): Cover | undefined {
  if (!event.extends) return undefined
  for (const preimage of event.preimages) {
    if (preimage.job.result === undefined) throw new Error('a digest was not computed before it was needed')
    if (equalBytes(preimage.job.result, event.digest)) return preimage.covers
  }
  return undefined
}

/** Names the digests to compare. Of an event that is not extended nothing is covered. */
export function loggedEvent(event: Omit<LoggedEvent, 'preimages' | 'name'>, algorithm: DigestAlgorithm): LoggedEvent {
  const { number, register, type, digest, data } = event
  const preimages = event.extends ? preimagesOf(type, data, algorithm) : NONE
  return { number, register, extends: event.extends, type, digest, data, preimages }
}

/** Whether an event calls itself a separator, or has the digest of one: a type can be renamed, a digest cannot. */
export function isSeparator(event: LoggedEvent, separatorDigests: readonly Uint8Array[]): boolean {
  if (!event.extends) return false
  return event.type === EV.separator || separatorDigests.some((digest) => equalBytes(digest, event.digest))
}
