import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Rtmr, Rtmrs } from '../src/tdx/event-log/index.ts'

/** Folder of the shared vectors; tests that need it are skipped when it is not there. */
export const VECTORS: string =
  process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))

/** Options of a test that needs a folder of the vectors. */
export function needs(folder: string): { readonly skip: string | false } {
  return {
    skip: existsSync(join(VECTORS, folder)) ? false : `the vectors in ${folder} are missing: set SEKISHO_VECTORS`,
  }
}

/** Bytes of a vector, not as a Buffer. */
export function vector(...path: readonly string[]): Uint8Array {
  return new Uint8Array(readFileSync(join(VECTORS, ...path)))
}

/** JSON of a vector. */
export function vectorJson(...path: readonly string[]): unknown {
  const value: unknown = JSON.parse(readFileSync(join(VECTORS, ...path), 'utf8'))
  return value
}

/** One event to be written into a log. */
export interface Made {
  readonly index: number
  readonly type: number
  readonly digest: Uint8Array
  readonly data: Uint8Array
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8)
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}

export function join8(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

export function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

export function sha384(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha384')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

/** An event whose digest is that of its data. */
export function measured(index: number, type: number, data: Uint8Array): Made {
  return { index, type, digest: sha384(data), data }
}

/** The Spec ID event of a log with the algorithms given as id and size. */
export function specId(algorithms: readonly (readonly [number, number])[] = [[0x000c, 48]]): Uint8Array {
  const data = join8(
    ascii('Spec ID Event03\0'),
    u32(0),
    Uint8Array.of(0, 2, 1, 2),
    u32(algorithms.length),
    ...algorithms.flatMap(([id, size]) => [u16(id), u16(size)]),
    Uint8Array.of(0),
  )
  return join8(u32(1), u32(3), new Uint8Array(20), u32(data.length), data)
}

/** One crypto-agile entry with a SHA-384 digest. */
export function entry(event: Made): Uint8Array {
  return join8(u32(event.index), u32(event.type), u32(1), u16(0x000c), event.digest, u32(event.data.length), event.data)
}

/** A log as firmware would write it. */
export function makeLog(events: readonly Made[], filler: Uint8Array = new Uint8Array(0)): Uint8Array {
  return join8(specId(), ...events.map(entry), filler)
}

/** Registers that a list of events leads to, computed apart from the code under test. */
export function registersOf(events: readonly Made[]): Rtmrs {
  const value = (index: number): Uint8Array =>
    events
      .filter((event) => event.index === index && event.type !== 3)
      .reduce<Uint8Array>((register, event) => sha384(register, event.digest), new Uint8Array(48))
  return { rtmr0: value(1), rtmr1: value(2), rtmr2: value(3), rtmr3: value(4) }
}

/** Registers from hex. */
export function registersFrom(hex: Readonly<Record<Rtmr, string>>): Rtmrs {
  const bytes = (name: Rtmr): Uint8Array => new Uint8Array(Buffer.from(hex[name], 'hex'))
  return { rtmr0: bytes('rtmr0'), rtmr1: bytes('rtmr1'), rtmr2: bytes('rtmr2'), rtmr3: bytes('rtmr3') }
}

/** UEFI_VARIABLE_DATA. */
export function variableData(guid: string, name: string, value: Uint8Array): Uint8Array {
  const wide = new Uint8Array(Buffer.from(name, 'utf16le'))
  const zero = u32(0)
  return join8(guidBytes(guid), u32(name.length), zero, u32(value.length), zero, wide, value)
}

export function guidBytes(guid: string): Uint8Array {
  const [a = '', b = '', c = '', d = '', e = ''] = guid.split('-')
  const reversed = (hex: string): Buffer => Buffer.from(hex, 'hex').reverse()
  return new Uint8Array(Buffer.concat([reversed(a), reversed(b), reversed(c), Buffer.from(d + e, 'hex')]))
}

export const EFI_GLOBAL = '8be4df61-93ca-11d2-aa0d-00e098032b8c'
export const NORMAL: Uint8Array = u32(0)
export const DRIVER_CONFIG = 0x80000001
export const SECURE_BOOT_ON: Uint8Array = variableData(EFI_GLOBAL, 'SecureBoot', Uint8Array.of(1))

/** A small boot: RTMR0 and RTMR1 end with separators, RTMR2 holds GRUB's part. */
export const BOOT: readonly Made[] = [
  measured(1, DRIVER_CONFIG, SECURE_BOOT_ON),
  measured(1, 0x04, NORMAL),
  measured(2, 0x80000007, ascii('Calling EFI Application from Boot Option')),
  measured(2, 0x04, NORMAL),
  { index: 3, type: 0x0d, digest: sha384(ascii('linux /vmlinuz')), data: ascii('grub_cmd: linux /vmlinuz\0') },
  { index: 3, type: 0x0d, digest: sha384(ascii('the kernel')), data: ascii('/vmlinuz\0') },
]
