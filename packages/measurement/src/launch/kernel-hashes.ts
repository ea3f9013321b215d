import { digestOf, digestOfImage } from '../digest.ts'
import { guidBytes } from '../firmware/guid.ts'
import type { ImageBytes } from '../image-reader.ts'

/** What the hypervisor hands to the firmware itself, without a boot loader. */
export interface DirectBoot {
  readonly kernel: ImageBytes
  /** Without one, the hash of nothing is measured. */
  readonly initrd?: ImageBytes
  /** The kernel's command line as the hypervisor passes it on, with what it adds itself. */
  readonly commandLine?: string
}

const TABLE = '9438d606-4f22-4cc9-b479-a793d411fd21'
const COMMAND_LINE = '97d02dd8-bd20-4c94-aa78-e7714d36ab2a'
const INITRD = '44baf731-3a2f-4bd7-9af1-41e29169781d'
const KERNEL = '4de79437-abd2-427f-b835-d5b172d2045b'

/** GUID, u16 size, SHA-256. */
const ENTRY_SIZE = 50
/** GUID, u16 size, three entries. */
const TABLE_SIZE = 168
/** What the guest's memory gets: the table, and zeros up to a multiple of 16. */
const PADDED_SIZE = 176

/**
 * The table of SHA-256 hashes through which a launch measurement covers kernel, initial ramdisk and command line.
 *
 * @returns 176 bytes: the table and its padding
 * @see QEMU, target/i386/sev.c, `SevHashTable`; EDK II, OvmfPkg/AmdSev
 */
export async function kernelHashesTable({ kernel, initrd, commandLine = '' }: DirectBoot): Promise<Uint8Array> {
  const text = new TextEncoder().encode(`${commandLine}\0`)
  const table = new Uint8Array(PADDED_SIZE)
  put(table, 0, TABLE, TABLE_SIZE)
  const entries: readonly (readonly [guid: string, hash: Uint8Array])[] = [
    [COMMAND_LINE, await digestOf('sha256', text)],
    [INITRD, await digestOfImage('sha256', initrd ?? new Uint8Array())],
    [KERNEL, await digestOfImage('sha256', kernel)],
  ]
  entries.forEach(([guid, hash], i) => {
    const at = 18 + ENTRY_SIZE * i
    put(table, at, guid, ENTRY_SIZE)
    table.set(hash, at + 18)
  })
  return table
}

function put(table: Uint8Array, at: number, guid: string, size: number): void {
  table.set(guidBytes(guid), at)
  new DataView(table.buffer).setUint16(at + 16, size, true)
}
