import { allZero, toHex } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'

/** What a GUID of the certificate table stands for. */
export type TableEntryKind = 'vcek' | 'vlek' | 'ask' | 'ark' | 'crl' | 'platform-info'

/** GUIDs of the table, in RFC 4122 byte order. @see AMD 56421 (GHCB), SNP extended guest request */
const KINDS: ReadonlyMap<string, TableEntryKind> = new Map([
  ['63da758d-e664-4564-adc5-f4b93be8accd', 'vcek'],
  ['a8074bc2-a25a-483e-aae6-39c045a0b8a1', 'vlek'],
  ['4ab7b379-bbac-4fe4-a02f-05aef327c782', 'ask'],
  ['c0b406a4-a803-4952-9743-3fb6014cd0ae', 'ark'],
  ['92f81bc3-5811-4d3d-97ff-d19f88dc67ea', 'crl'],
  ['ecae0c0f-9502-43b1-afa2-0ae2e0d565b6', 'platform-info'],
])

/** One entry of a certificate table. */
export interface TableEntry {
  /** Lower-case, in RFC 4122 text form. */
  readonly guid: string
  /** Undefined for GUIDs that are not known; such entries are to be skipped. `ask` is the ASVK beside a VLEK. */
  readonly kind: TableEntryKind | undefined
  /** A view on the table. */
  readonly data: Uint8Array
}

const ENTRY = 24
const MAX_ENTRIES = 64
const MAX_TABLE = 1024 * 1024

/**
 * Reads the certificate table that a host passes along with a report (GHCB extended guest request,
 * `auxblob` of configfs-tsm). No bytes at all count as an empty table.
 *
 * @throws EvidenceError when an entry points outside the table or into its header, when a known GUID
 *   occurs twice, and when the header has no end
 */
export function parseCertificateTable(table: Uint8Array): readonly TableEntry[] {
  if (table.length === 0) return []
  if (table.length > MAX_TABLE)
    throw refuse('certificateTable', `${table.length} bytes`, `at most ${MAX_TABLE} bytes`, 0, 'too-large')
  const count = countEntries(table)
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const headerEnd = (count + 1) * ENTRY
  const seen = new Set<TableEntryKind>()
  const entries: TableEntry[] = []
  for (let at = 0; at < count * ENTRY; at += ENTRY) {
    const guid = guidText(table.subarray(at, at + 16))
    const offset = view.getUint32(at + 16, true)
    const length = view.getUint32(at + 20, true)
    // Plain numbers: the sum of two 32-bit values cannot wrap around.
    if (offset < headerEnd)
      throw refuse('certificateTable', `offset ${offset}`, `an offset behind the header, from ${headerEnd}`, at + 16)
    if (offset + length > table.length) {
      throw refuse(
        'certificateTable',
        `${length} bytes from ${offset}`,
        `an end within the ${table.length} bytes of the table`,
        at + 20,
      )
    }
    const kind = KINDS.get(guid)
    if (kind !== undefined && seen.has(kind))
      throw refuse('certificateTable', `a second entry ${guid}`, 'each kind once', at)
    if (kind !== undefined) seen.add(kind)
    entries.push({ guid, kind, data: table.subarray(offset, offset + length) })
  }
  return entries
}

function countEntries(table: Uint8Array): number {
  for (let count = 0; count <= MAX_ENTRIES; count++) {
    const at = count * ENTRY
    if (at + ENTRY > table.length)
      throw refuse('certificateTable', 'the end', 'an entry of zeros that ends the header', at, 'truncated')
    if (allZero(table.subarray(at, at + ENTRY))) return count
  }
  throw refuse('certificateTable', 'more entries', `at most ${MAX_ENTRIES} entries`, MAX_ENTRIES * ENTRY, 'too-large')
}

function guidText(bytes: Uint8Array): string {
  const hex = toHex(bytes)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
