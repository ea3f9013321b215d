import { concat, filled, fromHex, le, toHex, utf8 } from '../kit/bytes.ts'
import { EVENT } from '../kit/event-log.ts'
import { digest } from '../kit/keys.ts'

/** What boots on a machine with a TPM. */
export interface TpmBoot {
  readonly secureBoot?: boolean
  readonly kernel?: Uint8Array
  readonly commandLine?: string
  readonly initrd?: Uint8Array
}

/** One entry of the firmware's log: data, and what was measured when that is not the data. */
interface TpmEvent {
  readonly pcr: number
  readonly type: number
  readonly data: Uint8Array
  readonly measured?: Uint8Array
}

/** A log in the SHA-256 bank, and the 24 registers after it in hex. */
export interface TpmBootLog {
  readonly bytes: Uint8Array
  readonly pcrs: readonly string[]
}

const SHA256_ID = 0x000b
const S_CRTM_VERSION = 8
const EVENT_TAG = 6
const GLOBAL_VARIABLE = '61dfe48bca93d211aa0d00e098032b8c'
const IMAGE_SECURITY = 'cbb219d73a3d9645a3bcdad00e67656f'
const SEPARATOR: Uint8Array = filled(4)
const PCR_COUNT = 24

/** Boots: what firmware, boot loader and kernel stub measure, in the order in which they do. */
export function bootLog(boot: TpmBoot = {}): TpmBootLog {
  const events = bootEvents(boot)
  const pcrs = Array.from({ length: PCR_COUNT }, (_, index) => initialPcr(index))
  for (const event of events) pcrs[event.pcr] = extendPcr(pcrs[event.pcr] ?? '', measurementOf(event))
  return { bytes: concat(specId(), ...events.map(encodeEvent)), pcrs }
}

/** Value after reset: PCR 17 to 22 wait for a dynamic launch. */
function initialPcr(index: number): string {
  return (index >= 17 && index <= 22 ? 'ff' : '00').repeat(32)
}

/** New value of a register of the SHA-256 bank, in hex. */
export function extendPcr(value: string, measurement: Uint8Array): string {
  return toHex(digest('sha256', fromHex(value), measurement))
}

function measurementOf({ data, measured = data }: TpmEvent): Uint8Array {
  return digest('sha256', measured)
}

function bootEvents({ secureBoot = true, kernel, commandLine, initrd }: TpmBoot): readonly TpmEvent[] {
  const image = kernel ?? utf8('an emulated kernel image')
  const line = commandLine ?? 'root=/dev/vda1 ro quiet'
  const loaded = concat(le(0xbc000000, 8), le(image.length, 8), le(0, 8), le(0, 8))
  const separators = [0, 1, 2, 3, 4, 5, 6, 7].map((pcr) => ({ pcr, type: EVENT.separator, data: SEPARATOR }))
  return [
    { pcr: 0, type: S_CRTM_VERSION, data: new Uint8Array(Buffer.from('EMULATED 1.0\0', 'utf16le')) },
    { pcr: 0, type: EVENT.firmwareBlob2, data: described('Firmware'), measured: utf8('emulated firmware') },
    variable('SecureBoot', Uint8Array.of(secureBoot ? 1 : 0)),
    variable('PK', filled(0)),
    variable('KEK', filled(0)),
    variable('db', filled(0), IMAGE_SECURITY),
    variable('dbx', filled(0), IMAGE_SECURITY),
    {
      pcr: 1,
      type: EVENT.variableBoot,
      data: variableData(GLOBAL_VARIABLE, 'BootOrder', filled(2)),
      measured: filled(2),
    },
    { pcr: 4, type: EVENT.action, data: utf8('Calling EFI Application from Boot Option') },
    ...separators,
    { pcr: 4, type: EVENT.bootServicesApplication, data: loaded, measured: image },
    { pcr: 8, type: EVENT.ipl, data: utf8(`kernel_cmdline: ${line}\0`), measured: utf8(line) },
    { pcr: 9, type: EVENT_TAG, data: taggedInitrd(), measured: initrd ?? utf8('an emulated initrd') },
    { pcr: 5, type: EVENT.action, data: utf8('Exit Boot Services Invocation') },
    { pcr: 5, type: EVENT.action, data: utf8('Exit Boot Services Returned with Success') },
  ]
}

/** The tag under which Linux' EFI stub measures an initrd. */
function taggedInitrd(): Uint8Array {
  const text = utf8('Linux initrd\0')
  return concat(le(0x8f3b22ec, 4), le(text.length, 4), text)
}

function variable(name: string, value: Uint8Array, guid: string = GLOBAL_VARIABLE): TpmEvent {
  return { pcr: 7, type: EVENT.variableDriverConfig, data: variableData(guid, name, value) }
}

/** UEFI_VARIABLE_DATA. TCG PC Client Platform Firmware Profile, section 10.2.6. */
function variableData(guid: string, name: string, value: Uint8Array): Uint8Array {
  const text = new Uint8Array(Buffer.from(name, 'utf16le'))
  return concat(fromHex(guid), le(name.length, 8), le(value.length, 8), text, value)
}

function described(name: string): Uint8Array {
  return concat(Uint8Array.of(name.length), utf8(name), le(0xffe00000, 8), le(0x20000, 8))
}

/** First record: the old form, naming SHA-256 alone. TCG PC Client Platform Firmware Profile, section 10.4.5.1. */
function specId(): Uint8Array {
  const data = concat(
    utf8('Spec ID Event03\0'),
    le(0, 4),
    Uint8Array.of(0, 2, 0, 2),
    le(1, 4),
    le(SHA256_ID, 2),
    le(32, 2),
    Uint8Array.of(0),
  )
  return concat(le(0, 4), le(EVENT.noAction, 4), filled(20), le(data.length, 4), data)
}

function encodeEvent(event: TpmEvent): Uint8Array {
  const { pcr, type, data } = event
  return concat(le(pcr, 4), le(type, 4), le(1, 4), le(SHA256_ID, 2), measurementOf(event), le(data.length, 4), data)
}
