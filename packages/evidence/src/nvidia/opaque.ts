import { Reader, toHex } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'

/** One entry of the opaque data, whatever its type. */
export interface OpaqueEntry {
  readonly type: number
  /** A view on the report. */
  readonly value: Uint8Array
  /** Where the value starts, from the start of the exchange. */
  readonly offset: number
}

/** Types of opaque data by NVIDIA's names. Others are kept as bytes. */
export const OPAQUE_TYPES = {
  CERT_ISSUER_NAME: 1,
  CERT_AUTHORITY_KEY_IDENTIFIER: 2,
  DRIVER_VERSION: 3,
  GPU_INFO: 4,
  SKU: 5,
  VBIOS_VERSION: 6,
  MANUFACTURER_ID: 7,
  TAMPER_DETECTION: 8,
  SMC: 9,
  VPR: 10,
  NVDEC0_STATUS: 11,
  MSRSCNT: 12,
  CPRINFO: 13,
  BOARD_ID: 14,
  CHIP_SKU: 15,
  CHIP_SKU_MOD: 16,
  PROJECT: 17,
  PROJECT_SKU: 18,
  PROJECT_SKU_MOD: 19,
  FWID: 20,
  PROTECTED_PCIE_STATUS: 21,
  SWITCH_PDI: 22,
  FLOORSWEPT_PORTS: 23,
  POSITION_ID: 24,
  LOCK_SWITCH_STATUS: 25,
  SWITCH_GPU_PDIS: 26,
  GPU_LINK_CONN: 32,
  SYS_ENABLE_STATUS: 33,
  OPAQUE_DATA_VERSION: 34,
  CHIP_INFO: 35,
  FEATURE_FLAG: 36,
} as const

export type OpaqueName = keyof typeof OPAQUE_TYPES

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(OPAQUE_TYPES).map(([name, type]) => [type, name]))

/** NVIDIA's name of a type; undefined when it has none that is known. */
export function opaqueName(type: number): string | undefined {
  return NAMES.get(type)
}

/**
 * Reads the opaque data in `bytes` from `start` to `end`: type, size and value, used up exactly.
 * @throws EvidenceError; also for a type that occurs twice: which one would count is anybody's guess
 */
export function readOpaque(bytes: Uint8Array, start: number, end: number): readonly OpaqueEntry[] {
  const reader = new Reader(bytes, start, end)
  const entries: OpaqueEntry[] = []
  while (reader.remaining > 0) {
    const at = reader.offset
    const type = reader.u16('opaqueData.type')
    const size = reader.u16('opaqueData.size')
    const offset = reader.offset
    if (entries.some((entry) => entry.type === type)) {
      throw refuse('opaqueData.type', `type ${type} a second time`, 'each type once', at)
    }
    entries.push({ type, value: reader.bytes(size, `opaqueData.${opaqueName(type) ?? type}`), offset })
  }
  return entries
}

/** The bytes of one type; undefined when the report has none. */
export function opaqueBytes(opaque: readonly OpaqueEntry[], name: OpaqueName): Uint8Array | undefined {
  const type = OPAQUE_TYPES[name]
  for (const entry of opaque) if (entry.type === type) return entry.value
  return undefined
}

/** Printable ASCII up to the first NUL; undefined when there is anything else in front of it. */
export function opaqueText(opaque: readonly OpaqueEntry[], name: OpaqueName): string | undefined {
  const value = opaqueBytes(opaque, name)
  if (value === undefined || value.length > 256) return undefined
  let text = ''
  for (const byte of value) {
    if (byte === 0) return text
    if (byte < 0x20 || byte > 0x7e) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

/** A little-endian number of at most four bytes. */
export function opaqueNumber(opaque: readonly OpaqueEntry[], name: OpaqueName): number | undefined {
  const value = opaqueBytes(opaque, name)
  if (value === undefined || value.length === 0 || value.length > 4) return undefined
  return value.reduceRight((number, byte) => number * 256 + byte, 0)
}

/**
 * Version of the VBIOS. A GPU writes eight bytes, the last byte of the first four behind the second four,
 * all reversed: `00 9f 00 96 01 00 00 00` is `96.00.9F.00.01`. A switch writes text.
 * @see NVIDIA attestation, VBIOS version
 */
export function vbiosVersion(opaque: readonly OpaqueEntry[]): string | undefined {
  const value = opaqueBytes(opaque, 'VBIOS_VERSION')
  if (value === undefined) return undefined
  if (value.length !== 8) return opaqueText(opaque, 'VBIOS_VERSION')
  const bytes = [value[3], value[2], value[1], value[0], value[4]]
  return bytes.map((byte) => toHex(Uint8Array.of(byte as number)).toUpperCase()).join('.')
}

/** Identifiers of eight bytes, as hex in memory order; those of zero name nothing and are left out. */
export function identifiers(value: Uint8Array, count: number = Math.floor(value.length / 8)): readonly string[] {
  const found = new Set<string>()
  for (let i = 0; i < count && 8 * i + 8 <= value.length; i++) found.add(toHex(value.subarray(8 * i, 8 * i + 8)))
  found.delete('0000000000000000')
  return [...found].sort()
}

/** The identifiers of the switches that a GPU is linked to. */
export function linkedSwitches(opaque: readonly OpaqueEntry[]): readonly string[] {
  return identifiers(opaqueBytes(opaque, 'SWITCH_PDI') ?? new Uint8Array(0))
}

const GPUS_OF_SWITCH = 8

/** The identifiers of the GPUs that a switch is linked to: eight, in front of the map of its ports. */
export function linkedGpus(opaque: readonly OpaqueEntry[]): readonly string[] {
  return identifiers(opaqueBytes(opaque, 'SWITCH_GPU_PDIS') ?? new Uint8Array(0), GPUS_OF_SWITCH)
}

/** A switch's own identifier as GPUs write it, which is the opposite order of bytes. */
export function switchIdentity(opaque: readonly OpaqueEntry[]): string | undefined {
  const value = opaqueBytes(opaque, 'SWITCH_PDI')
  return value?.length === 8 ? toHex(new Uint8Array(value).reverse()) : undefined
}

/** How a GPU is handed to its guest, as the report says; undefined on firmware that does not say. */
export type NvidiaMode = 'single-gpu' | 'multi-gpu' | 'protected-pcie'

const MODES: readonly NvidiaMode[] = ['single-gpu', 'multi-gpu', 'protected-pcie']

/** The mode that the feature flag names; `unknown` for a flag without a name. */
export function featureMode(opaque: readonly OpaqueEntry[]): NvidiaMode | 'unknown' | undefined {
  const flag = opaqueNumber(opaque, 'FEATURE_FLAG')
  if (flag !== undefined) return MODES[flag] ?? 'unknown'
  return opaqueBytes(opaque, 'FEATURE_FLAG') === undefined ? undefined : 'unknown'
}

/** A status byte: 0xAA is on, 0x55 is off, anything else is no status. */
export function statusOf(
  opaque: readonly OpaqueEntry[],
  name: 'NVDEC0_STATUS' | 'PROTECTED_PCIE_STATUS',
): 'on' | 'off' | 'unknown' | undefined {
  const value = opaqueBytes(opaque, name)
  if (value === undefined) return undefined
  if (value.length !== 1) return 'unknown'
  return value[0] === 0xaa ? 'on' : value[0] === 0x55 ? 'off' : 'unknown'
}
