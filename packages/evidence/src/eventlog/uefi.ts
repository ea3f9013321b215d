import { toHex } from '../core/bytes.ts'
import { utf16 } from './text.ts'

/** UEFI_VARIABLE_DATA: a UEFI variable as it was when firmware measured it. */
export interface UefiVariable {
  /** In the usual spelling, lower case. */
  readonly guid: string
  readonly name: string
  readonly value: Uint8Array
}

/** One entry of a partition table. */
export interface GptPartition {
  readonly type: string
  readonly guid: string
  readonly name: string
}

/** UEFI_GPT_DATA: the partition table of the disk that was booted from. */
export interface GptTable {
  readonly diskGuid: string
  readonly partitions: readonly GptPartition[]
}

/** GUID of the variables of the UEFI specification, SecureBoot among them. */
export const EFI_GLOBAL_VARIABLE = '8be4df61-93ca-11d2-aa0d-00e098032b8c'

const GUID_ORDER: Uint8Array = Uint8Array.of(3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15)

/** The GUID at `offset`: three little-endian numbers, then eight bytes in order. */
export function guidAt(bytes: Uint8Array, offset: number): string {
  const hex = toHex(GUID_ORDER.map((from) => bytes[offset + from] ?? 0))
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/**
 * Reads UEFI_VARIABLE_DATA: GUID, length of the name in UTF-16 units, length of the value in bytes, both.
 *
 * @see TCG PC Client Platform Firmware Profile 1.06, section 10.2.6
 * @returns undefined unless the lengths fill `data` exactly
 */
export function readVariable(data: Uint8Array): UefiVariable | undefined {
  const nameUnits = sizeAt(data, 16)
  const valueLength = sizeAt(data, 24)
  if (nameUnits === undefined || valueLength === undefined) return undefined
  const valueStart = 32 + 2 * nameUnits
  if (valueStart + valueLength !== data.length) return undefined
  // A name with a NUL in it is another name: `SecureBoot\0x` must not read as SecureBoot.
  const name = utf16(data.subarray(32, valueStart), 'counts')
  return { guid: guidAt(data, 0), name, value: data.subarray(valueStart) }
}

const GPT_HEADER = 92
const GPT_ENTRY = 128

/**
 * Reads UEFI_GPT_DATA: the partition table's header, a count, the entries in use.
 *
 * @see TCG PC Client Platform Firmware Profile 1.06, section 10.2.5; UEFI 2.10, section 5.3
 * @returns undefined unless the entries fill `data` exactly
 */
export function readGpt(data: Uint8Array): GptTable | undefined {
  const count = sizeAt(data, GPT_HEADER)
  const start = GPT_HEADER + 8
  if (count === undefined || start + count * GPT_ENTRY !== data.length) return undefined
  const partitions: GptPartition[] = []
  for (let at = start; at < data.length; at += GPT_ENTRY) {
    const name = utf16(data.subarray(at + 56, at + GPT_ENTRY))
    partitions.push({ type: guidAt(data, at), guid: guidAt(data, at + 16), name })
  }
  return { diskGuid: guidAt(data, 56), partitions }
}

// A 64-bit size that could fit: the upper half has to be zero, and no event data is that long.
function sizeAt(data: Uint8Array, offset: number): number | undefined {
  if (data.length < offset + 8) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const size = view.getUint32(offset, true)
  return view.getUint32(offset + 4, true) === 0 && size <= data.length ? size : undefined
}

/** Text of the file path nodes (media, file path: 04 04) of a device path; undefined when it has none. */
export function filePathOf(devicePath: Uint8Array): string | undefined {
  let path: string | undefined
  for (let at = 0; at + 4 <= devicePath.length; ) {
    const length = (devicePath[at + 2] as number) | ((devicePath[at + 3] as number) << 8)
    if (length < 4 || at + length > devicePath.length) return path
    if (devicePath[at] === 0x7f) return path
    if (devicePath[at] === 0x04 && devicePath[at + 1] === 0x04) {
      path = (path ?? '') + utf16(devicePath.subarray(at + 4, at + length))
    }
    at += length
  }
  return path
}

/** Variables of the UEFI specification, section 3.3, that are on (1) or off. */
const SWITCHES: readonly string[] = ['SecureBoot', 'AuditMode', 'DeployedMode', 'SetupMode']

/** What an on-off variable says: off when it is absent (an empty value) or 0. Undefined for all others and for odd values. */
export function switchOf(variable: UefiVariable): { readonly name: string; readonly on: boolean } | undefined {
  if (variable.guid !== EFI_GLOBAL_VARIABLE || !SWITCHES.includes(variable.name)) return undefined
  if (variable.value.length === 0) return { name: variable.name, on: false }
  const value = variable.value[0]
  return variable.value.length === 1 && (value === 0 || value === 1)
    ? { name: variable.name, on: value === 1 }
    : undefined
}
