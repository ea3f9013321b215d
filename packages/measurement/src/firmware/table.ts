import { EvidenceError, Reader } from '@sekisho/evidence'
import { guidText } from './guid.ts'

/** One entry of the table: what stands before its size and GUID. */
export interface TableEntry {
  readonly data: Uint8Array
  /** Offset of `data` in the firmware. */
  readonly offset: number
}

export const PAGE_SIZE = 4096

const FOOTER_GUID = '96b582de-1fb2-45f7-baea-a366c55a082d'
/** Bytes behind the table: the reset vector. */
const BEHIND = 32
/** u16 size and GUID behind each entry's data. */
const TAIL = 18
const MAX_FIRMWARE = 64 * 1024 ** 2

/**
 * The GUIDed table at the end of a firmware that was built for confidential guests (OVMF, TDVF, SVSM): by GUID, in lower
 * case. The last entry in the file is the footer, which names the size of the whole.
 *
 * @throws EvidenceError when the file is no such firmware, at the byte that says so
 * @see EDK II, OvmfPkg/ResetVector; Intel TDX Virtual Firmware Design Guide, section 11
 */
export function readFirmwareTable(firmware: Uint8Array): ReadonlyMap<string, TableEntry> {
  checkSize(firmware)
  const end = firmware.length - BEHIND
  const footer = tailAt(firmware, end)
  if (footer.guid !== FOOTER_GUID) {
    throw new EvidenceError('unsupported-kind', `the GUID ${footer.guid}`, {
      field: 'firmware.table',
      offset: end - 16,
      expected: `${FOOTER_GUID}: the firmware of confidential guests ends with a table of GUIDs; a split build does in its code file`,
    })
  }
  const start = end - footer.size
  if (footer.size < TAIL || start < 0) throw wrongSize('firmware.table', end - TAIL, footer.size)
  const entries = new Map<string, TableEntry>()
  for (let at = end - TAIL; at > start; ) {
    if (at - start < TAIL) throw wrongSize('firmware.table', start, at - start)
    const { guid, size } = tailAt(firmware, at)
    const field = `firmware.table (${guid})`
    if (size < TAIL || size > at - start) throw wrongSize(field, at - TAIL, size)
    const offset = at - size
    if (entries.has(guid))
      throw new EvidenceError('malformed', 'a second entry', { field, offset, expected: 'one entry of a GUID' })
    entries.set(guid, { data: firmware.subarray(offset, at - TAIL), offset })
    at = offset
  }
  return entries
}

/** @throws EvidenceError for what is not whole pages, or more than 64 MiB */
export function checkSize({ length }: Uint8Array): void {
  const place = { field: 'firmware', offset: 0 }
  if (length > MAX_FIRMWARE)
    throw new EvidenceError('too-large', `${length} bytes`, { ...place, expected: `at most ${MAX_FIRMWARE} bytes` })
  if (length === 0 || length % PAGE_SIZE !== 0) {
    const expected = 'whole pages of 4096 bytes: the firmware as the hypervisor maps it'
    throw new EvidenceError('unsupported-kind', `${length} bytes`, { ...place, expected })
  }
}

function tailAt(firmware: Uint8Array, end: number): { readonly guid: string; readonly size: number } {
  const view = new DataView(firmware.buffer, firmware.byteOffset, firmware.byteLength)
  return { size: view.getUint16(end - TAIL, true), guid: guidText(firmware.subarray(end - 16, end)) }
}

function wrongSize(field: string, offset: number, size: number): EvidenceError {
  return new EvidenceError('malformed', `the size ${size}`, {
    field,
    offset,
    expected: `a size from ${TAIL} up to what is left of the table`,
  })
}

/** The u32 that an entry begins with. @throws EvidenceError at its place in the firmware */
export function numberIn(firmware: Uint8Array, { data, offset }: TableEntry, field: string): number {
  return new Reader(firmware.subarray(0, offset + data.length), offset).u32(field)
}

/** An error for what a firmware does not have. */
export function missing(field: string, expected: string): EvidenceError {
  return new EvidenceError('unsupported-kind', 'there is none', { field, offset: 0, expected })
}
