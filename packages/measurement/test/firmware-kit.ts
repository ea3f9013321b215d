import assert from 'node:assert/strict'
import { EvidenceError, type EvidenceErrorCode } from '@sekisho/evidence'
import { guidBytes } from '../src/firmware/guid.ts'

export const GUIDS = {
  footer: '96b582de-1fb2-45f7-baea-a366c55a082d',
  reset: '00f771de-1a7e-4fcb-890e-68c77e2fb44e',
  hashes: '7255371f-3a3b-4b04-927b-1da6efa8d454',
  sev: 'dc886566-984a-4798-a75e-5585a7bf67cc',
  svsm: 'a789a612-0597-4c4b-a49f-cbb1fe9d1ddd',
  tdvf: 'e47a6535-984a-4798-865e-4685a7bf8ec2',
} as const

/** GPA, size, type. */
export type SevRow = readonly [gpa: number, size: number, type: number]

/** Data offset, data size, address, memory size, type, attributes. */
export type TdvfRow = readonly [
  offset: number,
  raw: number,
  gpa: bigint,
  size: bigint,
  type: number,
  attributes: number,
]

/** What a made firmware has in it. */
export interface FirmwareOptions {
  /** Pages of 4096 bytes, default 2. */
  readonly pages?: number
  readonly resetEip?: number | null
  readonly hashesTable?: number
  readonly svsmEntry?: number
  readonly sev?: readonly SevRow[]
  readonly tdvf?: readonly TdvfRow[]
  /** Further entries of the table: GUID and data. */
  readonly entries?: readonly (readonly [guid: string, data: Uint8Array])[]
}

/** Sections such as OVMF's AmdSev build has, fewer and smaller. */
export const SEV_ROWS: readonly SevRow[] = [
  [0x800000, 0x2000, 1],
  [0x80d000, 0x1000, 2],
  [0x80e000, 0x1000, 3],
  [0x80f000, 0x1000, 4],
  [0x810000, 0x1000, 0x10],
]

/** Where each made firmware has its SEV and its TDVF metadata, from its start. */
export const SEV_AT = 0x100
export const TDVF_AT = 0x400

/** A firmware whose bytes are all different from page to page, with a table of GUIDs at its end. */
export function makeFirmware(options: FirmwareOptions = {}): Uint8Array {
  const { pages = 2, resetEip = 0x80b004, hashesTable = 0x810c00, sev = SEV_ROWS, tdvf } = options
  const bytes = Uint8Array.from({ length: pages * 4096 }, (_, i) => (i * 7 + (i >> 12) * 13) & 0xff)
  const entries: (readonly [string, Uint8Array])[] = [...(options.entries ?? [])]
  if (resetEip !== null) entries.push([GUIDS.reset, u32(resetEip)])
  entries.push([GUIDS.hashes, u32(hashesTable, 0x400)])
  if (options.svsmEntry !== undefined) entries.push([GUIDS.svsm, u32(options.svsmEntry)])
  entries.push([GUIDS.sev, u32(bytes.length - SEV_AT)])
  bytes.set(join(text('ASEV'), u32(16 + 12 * sev.length, 1, sev.length), ...sev.map((row) => u32(...row))), SEV_AT)
  if (tdvf !== undefined) {
    entries.push([GUIDS.tdvf, u32(bytes.length - TDVF_AT)])
    bytes.set(join(text('TDVF'), u32(16 + 32 * tdvf.length, 1, tdvf.length), ...tdvf.map(tdvfRow)), TDVF_AT)
  }
  const table = join(...entries.map(([guid, data]) => entry(guid, data)))
  const footer = entry(GUIDS.footer, new Uint8Array(), table.length)
  bytes.set(join(table, footer), bytes.length - 32 - table.length - footer.length)
  return bytes
}

function tdvfRow([offset, raw, gpa, size, type, attributes]: TdvfRow): Uint8Array {
  const row = new DataView(new ArrayBuffer(32))
  row.setUint32(0, offset, true)
  row.setUint32(4, raw, true)
  row.setBigUint64(8, gpa, true)
  row.setBigUint64(16, size, true)
  row.setUint32(24, type, true)
  row.setUint32(28, attributes, true)
  return new Uint8Array(row.buffer)
}

function entry(guid: string, data: Uint8Array, before = 0): Uint8Array {
  const size = before + data.length + 18
  return join(data, Uint8Array.of(size & 0xff, size >> 8), guidBytes(guid))
}

/** Little-endian numbers of 32 bits. */
export function u32(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length))
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value, true)
  return new Uint8Array(view.buffer)
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

/** Bytes with some of them replaced. */
export function edited(bytes: Uint8Array, at: number, change: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy.set(change, at)
  return copy
}

/** Asserts that reading is refused for exactly this reason. */
export async function refusedBy(
  work: () => unknown,
  code: EvidenceErrorCode,
  field: string,
  expected: RegExp,
): Promise<void> {
  await assert.rejects(
    async () => await work(),
    (error) => {
      assert.ok(error instanceof EvidenceError, String(error))
      assert.deepEqual([error.code, error.field], [code, field], error.message)
      assert.match(error.expected, expected)
      return true
    },
  )
}
