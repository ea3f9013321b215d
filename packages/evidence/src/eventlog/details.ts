import { toHex } from '../core/bytes.ts'
import { EV, grubLabel } from './events.ts'
import { latin1, quoted, textOf } from './text.ts'
import { filePathOf, guidAt, readGpt, readVariable, switchOf } from './uefi.ts'

/**
 * Something that event data says. `core` marks the part that stays covered when the digest is over a
 * part of the data only: the variable's value, the text without its label.
 */
export interface Detail {
  readonly name: string
  /** Safe to print: numbers, hex, or quoted text with everything unusual escaped. */
  readonly value: string
  readonly core?: true
}

/**
 * What the data of an event says, decoded as its type asks for. Never throws: data that is not in its
 * type's form is shown as text or bytes. Nothing here is believable before digests were compared.
 */
export function detailsOf(type: number, data: Uint8Array): readonly Detail[] {
  return DECODERS.get(type)?.(data) ?? plain(data)
}

const DECODERS: ReadonlyMap<number, (data: Uint8Array) => readonly Detail[] | undefined> = new Map([
  [EV.noAction, information],
  [EV.separator, separator],
  [EV.eventTag, eventTag],
  [EV.ipl, ipl],
  [EV.driverConfig, variable],
  [EV.variableBoot, variable],
  [EV.variableBoot2, variable],
  [EV.variableAuthority, variable],
  [EV.bootApplication, image],
  [EV.bootDriver, image],
  [EV.runtimeDriver, image],
  [EV.gpt, gpt],
  [EV.gpt2, gpt],
  [EV.firmwareBlob2, named],
  [EV.handoffTables2, named],
])

/** Data of no particular form: text where it is readable, bytes where it is not. */
export function plain(data: Uint8Array): readonly Detail[] {
  if (data.length === 0) return []
  const text = textOf(data)
  return isReadable(text) ? [{ name: 'text', value: quoted(text), core: true }] : [bytesDetail('data', data)]
}

function isReadable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) || code > 0x7e) return false
  }
  return text.length > 0
}

const SHOWN_BYTES = 64

function bytesDetail(name: string, bytes: Uint8Array): Detail {
  const hex = toHex(bytes.subarray(0, SHOWN_BYTES))
  const more = bytes.length > SHOWN_BYTES ? ` and ${bytes.length - SHOWN_BYTES} more bytes` : ''
  return { name, value: hex + more, core: true }
}

// A signature of 16 bytes, NUL included; `StartupLocality` is followed by the locality.
function information(data: Uint8Array): readonly Detail[] | undefined {
  if (data.length < 16) return undefined
  const signature = latin1(data.subarray(0, 16))
  const locality = signature === 'StartupLocality' && data.length === 17 ? data[16] : undefined
  return [
    { name: 'signature', value: quoted(signature) },
    ...(locality === undefined ? [] : [{ name: 'locality', value: String(locality) }]),
  ]
}

// TCG PC Client Platform Firmware Profile 1.06, section 10.4.1: 0 or FFFFFFFF, 1 after an error; Windows measures texts.
function separator(data: Uint8Array): readonly Detail[] | undefined {
  const value = SEPARATORS.get(toHex(data))
  return value === undefined ? undefined : [{ name: 'separator', value, core: true }]
}

const SEPARATORS: ReadonlyMap<string, string> = new Map([
  ['00000000', 'normal'],
  ['ffffffff', 'normal'],
  ['01000000', 'after an error'],
])

// GRUB, shim and systemd: see the GNU GRUB manual, section "Measured Boot".
function ipl(data: Uint8Array): readonly Detail[] | undefined {
  const label = grubLabel(data)
  if (label === undefined) return undefined
  return [
    { name: 'label', value: label.replace(/:? $/, '') },
    { name: 'text', value: quoted(latin1(data.subarray(label.length))), core: true },
  ]
}

// TCG_PCClientTaggedEvent: id, size, data. Linux tags its initrd and load options, whose digests are over the contents.
function eventTag(data: Uint8Array): readonly Detail[] | undefined {
  if (data.length < 8) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const size = view.getUint32(4, true)
  if (8 + size !== data.length) return undefined
  return [
    { name: 'tag', value: `0x${view.getUint32(0, true).toString(16).padStart(8, '0')}` },
    ...plain(data.subarray(8)).map(({ name, value }) => ({ name, value })),
  ]
}

function variable(data: Uint8Array): readonly Detail[] | undefined {
  const read = readVariable(data)
  if (read === undefined) return undefined
  const switched = switchOf(read)
  return [
    { name: 'variable', value: quoted(read.name, 128) },
    { name: 'guid', value: read.guid },
    ...(switched === undefined ? [] : [{ name: switched.name, value: switched.on ? 'on' : 'off' }]),
    read.value.length === 0 ? { name: 'value', value: 'empty', core: true } : bytesDetail('value', read.value),
  ]
}

function gpt(data: Uint8Array): readonly Detail[] | undefined {
  const table = readGpt(data)
  if (table === undefined) return undefined
  return [
    { name: 'disk', value: table.diskGuid },
    ...table.partitions.map((one) => ({
      name: 'partition',
      value: `${one.guid} ${quoted(one.name, 36)} of type ${one.type}`,
    })),
  ]
}

// UEFI_IMAGE_LOAD_EVENT: address, length, link address, length of the device path, the path; 32 bytes before it.
function image(data: Uint8Array): readonly Detail[] | undefined {
  if (data.length < 32) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const path = data.subarray(32)
  if (view.getBigUint64(24, true) !== BigInt(path.length)) return undefined
  const file = filePathOf(path)
  return [
    { name: 'imageBytes', value: view.getBigUint64(8, true).toString() },
    file === undefined ? bytesDetail('devicePath', path) : { name: 'file', value: quoted(file, 256) },
  ]
}

// A length byte and a name (UEFI_PLATFORM_FIRMWARE_BLOB2, UEFI_HANDOFF_TABLE_POINTERS2), then addresses or GUIDs.
function named(data: Uint8Array): readonly Detail[] | undefined {
  const length = data[0] ?? 0
  if (length === 0 || 1 + length > data.length) return undefined
  const name: Detail = { name: 'name', value: quoted(latin1(data.subarray(1, 1 + length)), 128) }
  const rest = data.subarray(1 + length)
  const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength)
  if (rest.length === 16) {
    return [
      name,
      { name: 'address', value: `0x${view.getBigUint64(0, true).toString(16)}` },
      { name: 'bytes', value: view.getBigUint64(8, true).toString() },
    ]
  }
  return rest.length === 32 ? [name, { name: 'table', value: guidAt(rest, 8) }] : [name]
}
