import { concat, fromHex, le, utf8 } from './bytes.ts'

/** GUIDs of entries in the table at a firmware's end. */
export const FIRMWARE_GUIDS = {
  footer: '96b582de-1fb2-45f7-baea-a366c55a082d',
  reset: '00f771de-1a7e-4fcb-890e-68c77e2fb44e',
  hashes: '7255371f-3a3b-4b04-927b-1da6efa8d454',
  sev: 'dc886566-984a-4798-a75e-5585a7bf67cc',
  svsm: 'a789a612-0597-4c4b-a49f-cbb1fe9d1ddd',
  tdvf: 'e47a6535-984a-4798-865e-4685a7bf8ec2',
} as const

/** A section of the SEV metadata. */
export type SevRow = readonly [gpa: number, size: number, type: number]

/** A section of the TDVF metadata. */
export type TdvfRow = readonly [
  offset: number,
  dataSize: number,
  gpa: bigint,
  size: bigint,
  type: number,
  attributes: number,
]

/** What a made firmware has in it; nothing is checked for sense. */
export interface FirmwareOptions {
  /** Pages of 4096 bytes, default 2. */
  readonly pages?: number
  /** Null leaves the entry out. */
  readonly resetEip?: number | null
  readonly hashesTable?: number
  readonly svsmEntry?: number
  readonly sev?: readonly SevRow[]
  /** Without it there is no TDVF metadata. */
  readonly tdvf?: readonly TdvfRow[]
  /** Further entries of the table. */
  readonly entries?: readonly (readonly [guid: string, data: Uint8Array])[]
}

/** Sections such as OVMF's build for kernel hashes has, fewer and smaller. */
export const SEV_ROWS: readonly SevRow[] = [
  [0x800000, 0x2000, 1],
  [0x80d000, 0x1000, 2],
  [0x80e000, 0x1000, 3],
  [0x80f000, 0x1000, 4],
  [0x810000, 0x1000, 0x10],
]

/** Where a made firmware has its SEV metadata, and its TDVF metadata. */
export const SEV_METADATA_AT = 0x100
export const TDVF_METADATA_AT = 0x400

/** A firmware for confidential VMs that boots nothing: pages that all differ, and a table of GUIDs at the end. */
export function makeFirmware(options: FirmwareOptions = {}): Uint8Array {
  const { pages = 2, resetEip = 0x80b004, hashesTable = 0x810c00, svsmEntry, sev = SEV_ROWS, tdvf } = options
  const bytes = Uint8Array.from({ length: pages * 4096 }, (_, i) => (i * 7 + (i >> 12) * 13) & 0xff)
  const entries: (readonly [string, Uint8Array])[] = [...(options.entries ?? [])]
  if (resetEip !== null) entries.push([FIRMWARE_GUIDS.reset, le(resetEip, 4)])
  entries.push([FIRMWARE_GUIDS.hashes, concat(le(hashesTable, 4), le(0x400, 4))])
  if (svsmEntry !== undefined) entries.push([FIRMWARE_GUIDS.svsm, le(svsmEntry, 4)])
  entries.push([FIRMWARE_GUIDS.sev, le(bytes.length - SEV_METADATA_AT, 4)])
  bytes.set(metadata('ASEV', sev.map(sevRow)), SEV_METADATA_AT)
  if (tdvf !== undefined) {
    entries.push([FIRMWARE_GUIDS.tdvf, le(bytes.length - TDVF_METADATA_AT, 4)])
    bytes.set(metadata('TDVF', tdvf.map(tdvfRow)), TDVF_METADATA_AT)
  }
  const table = concat(...entries.map(([guid, data]) => entry(guid, data)))
  const footer = entry(FIRMWARE_GUIDS.footer, new Uint8Array(), table.length)
  bytes.set(concat(table, footer), bytes.length - 32 - table.length - footer.length)
  return bytes
}

function metadata(magic: string, rows: readonly Uint8Array[]): Uint8Array {
  const all = concat(...rows)
  return concat(utf8(magic), le(16 + all.length, 4), le(1, 4), le(rows.length, 4), all)
}

function sevRow(row: SevRow): Uint8Array {
  return concat(...row.map((value) => le(value, 4)))
}

function tdvfRow([offset, dataSize, gpa, size, type, attributes]: TdvfRow): Uint8Array {
  return concat(le(offset, 4), le(dataSize, 4), le(gpa, 8), le(size, 8), le(type, 4), le(attributes, 4))
}

function entry(guid: string, data: Uint8Array, before = 0): Uint8Array {
  return concat(data, le(before + data.length + 18, 2), mixedEndian(guid))
}

/** The bytes of a GUID: its first three fields are little-endian. */
function mixedEndian(guid: string): Uint8Array {
  const [a = '', b = '', c = '', ...rest] = guid.split('-')
  return concat(...[a, b, c].map((field) => fromHex(field).reverse()), fromHex(rest.join('')))
}
