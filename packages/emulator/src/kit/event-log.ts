import { concat, filled, fromHex, le, toHex, utf8 } from './bytes.ts'
import { digest } from './keys.ts'

/** One entry of a CCEL event log. */
export interface LogEvent {
  /** As in the log: 0 MRTD, 1 to 4 RTMR0 to RTMR3. */
  readonly index: number
  readonly type: number
  readonly data: Uint8Array
  /** What was measured, when it is not the data; its SHA-384 is the digest. */
  readonly measured?: Uint8Array
  /** The digest itself, when it is not that of what was measured. */
  readonly digest?: Uint8Array
}

/** A boot, and how its log is written. */
export interface EventLogOptions {
  readonly secureBoot?: boolean
  readonly kernel?: Uint8Array
  readonly commandLine?: string
  readonly initrd?: Uint8Array
  /** Events behind those of the boot. */
  readonly extra?: readonly LogEvent[]
  /** Replaces the events of the boot. */
  readonly events?: readonly LogEvent[]
  /** Bytes behind the last entry: firmware leaves the rest of the log area filled with FF. */
  readonly tail?: Uint8Array
}

/** A log and the registers that it replays to. */
export interface MadeEventLog {
  readonly bytes: Uint8Array
  readonly events: readonly LogEvent[]
  /** RTMR0 to RTMR3 in hex. */
  readonly registers: readonly string[]
}

/** Event types. TCG PC Client Platform Firmware Profile, table 14. */
export const EVENT = {
  noAction: 3,
  separator: 4,
  platformConfigFlags: 0xa,
  ipl: 0xd,
  variableDriverConfig: 0x80000001,
  variableBoot: 0x80000002,
  bootServicesApplication: 0x80000003,
  action: 0x80000007,
  firmwareBlob2: 0x8000000a,
  handoffTables2: 0x8000000b,
} as const

/** Writes a log of a plausible boot and replays it. */
export function makeEventLog(options: EventLogOptions = {}): MadeEventLog {
  const events = [...(options.events ?? bootEvents(options)), ...(options.extra ?? [])]
  return {
    bytes: concat(writeEventLog(events), options.tail ?? filled(64, 0xff)),
    events,
    registers: [1, 2, 3, 4].map((index) => replay(events, index)),
  }
}

/** Encodes a crypto-agile log: Spec ID entry, then one entry an event. TCG profile, section 10. */
export function writeEventLog(events: readonly LogEvent[]): Uint8Array {
  return concat(specIdEntry(), ...events.map(encodeEvent))
}

/** A Spec ID entry of the old form that names SHA-384 alone. */
export function specIdEntry(): Uint8Array {
  const data = concat(
    utf8('Spec ID Event03\0'),
    le(0, 4),
    Uint8Array.of(0, 2, 0, 2),
    le(1, 4),
    le(0x000c, 2),
    le(48, 2),
    Uint8Array.of(0),
  )
  return concat(le(1, 4), le(EVENT.noAction, 4), filled(20), le(data.length, 4), data)
}

function encodeEvent(event: LogEvent): Uint8Array {
  return concat(
    le(event.index, 4),
    le(event.type, 4),
    le(1, 4),
    le(0x000c, 2),
    eventDigest(event),
    le(event.data.length, 4),
    event.data,
  )
}

function eventDigest(event: LogEvent): Uint8Array {
  return event.digest ?? digest('sha384', event.measured ?? event.data)
}

/** Value of the register with the log index `index` after all events, in hex. */
export function replay(events: readonly LogEvent[], index: number): string {
  let register = filled(48)
  for (const event of events) {
    if (event.index === index && event.type !== EVENT.noAction)
      register = digest('sha384', register, eventDigest(event))
  }
  return toHex(register)
}

const SEPARATOR: Uint8Array = filled(4)
const GLOBAL_VARIABLE = '61dfe48bca93d211aa0d00e098032b8c'
const IMAGE_SECURITY = 'cbb219d73a3d9645a3bcdad00e67656f'

/** What firmware and boot loader measure, in the order in which they do. TDX Virtual Firmware Design Guide, section 8. */
export function bootEvents(options: EventLogOptions = {}): readonly LogEvent[] {
  const { secureBoot = true, kernel = utf8('an example kernel image'), initrd = utf8('an example initrd') } = options
  const commandLine = options.commandLine ?? 'root=/dev/vda1 ro quiet'
  const image = concat(le(0xbc000000, 8), le(kernel.length, 8), le(0, 8), le(0, 8))
  return [
    { index: 1, type: EVENT.handoffTables2, data: described('TdxTable'), measured: utf8('an example TD HOB') },
    { index: 1, type: EVENT.firmwareBlob2, data: described('CFV'), measured: utf8('an example configuration volume') },
    variable(GLOBAL_VARIABLE, 'SecureBoot', Uint8Array.of(secureBoot ? 1 : 0)),
    variable(GLOBAL_VARIABLE, 'PK', filled(0)),
    variable(GLOBAL_VARIABLE, 'KEK', filled(0)),
    variable(IMAGE_SECURITY, 'db', filled(0)),
    variable(IMAGE_SECURITY, 'dbx', filled(0)),
    { index: 1, type: EVENT.separator, data: SEPARATOR },
    { index: 1, type: EVENT.platformConfigFlags, data: utf8('ACPI DATA'), measured: utf8('example ACPI tables') },
    {
      index: 1,
      type: EVENT.variableBoot,
      data: variableData(GLOBAL_VARIABLE, 'BootOrder', filled(2)),
      measured: filled(2),
    },
    { index: 2, type: EVENT.action, data: utf8('Calling EFI Application from Boot Option') },
    { index: 2, type: EVENT.separator, data: SEPARATOR },
    { index: 2, type: EVENT.bootServicesApplication, data: image, measured: kernel },
    text(3, `kernel_cmdline: ${commandLine}`, commandLine),
    { index: 3, type: EVENT.ipl, data: utf8('/initrd.img\0'), measured: initrd },
    { index: 2, type: EVENT.action, data: utf8('Exit Boot Services Invocation') },
    { index: 2, type: EVENT.action, data: utf8('Exit Boot Services Returned with Success') },
  ]
}

/** A text event as GRUB writes it: what is measured is the text without its prefix. */
function text(index: number, label: string, measured: string): LogEvent {
  return { index, type: EVENT.ipl, data: utf8(`${label}\0`), measured: utf8(measured) }
}

function variable(guid: string, name: string, value: Uint8Array): LogEvent {
  return { index: 1, type: EVENT.variableDriverConfig, data: variableData(guid, name, value) }
}

/** UEFI_VARIABLE_DATA: vendor GUID, length of the name in characters, length of the value, name, value. */
function variableData(guid: string, name: string, value: Uint8Array): Uint8Array {
  return concat(
    fromHex(guid),
    le(name.length, 8),
    le(value.length, 8),
    new Uint8Array(Buffer.from(name, 'utf16le')),
    value,
  )
}

/** Description with its length in front, then address and size of what was measured. */
function described(name: string): Uint8Array {
  return concat(Uint8Array.of(name.length + 1), utf8(`${name}\0`), le(0xffe00000, 8), le(0x20000, 8))
}
