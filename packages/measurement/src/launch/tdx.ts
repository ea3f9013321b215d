import { toHex } from '@sekisho/evidence'
import { createDigester } from '@sekisho/evidence/crypto'
import { readTdxExpectations, type TdxExpectations } from '@sekisho/evidence/tdx'
import { PAGE_SIZE } from '../firmware/table.ts'
import { readTdvf, type TdvfSection } from '../firmware/tdvf.ts'

/**
 * In which order a hypervisor adds the pages of a section and extends the measurement by their contents: page by page, as
 * Linux and QEMU do today, or all pages first and then all contents, as older QEMU did.
 */
export type TdBuildOrder = 'page' | 'section'

/** Bytes of an operation's record. */
const RECORD = 128
const CHUNK = 256
const ADD = 'MEM.PAGE.ADD'
const EXTEND = 'MR.EXTEND'

/**
 * Computes MRTD of a TD from its firmware. It covers the firmware alone: memory size, processors and configuration are in
 * RTMR0, what is booted in RTMR1 and RTMR2.
 *
 * @param firmware a TDVF build whole
 * @returns 48 bytes
 * @throws EvidenceError when the firmware is none for TDs, with the byte offset and what was expected there
 * @see Intel TDX Module Base Architecture Specification, TDH.MEM.PAGE.ADD and TDH.MR.EXTEND; TDVF Design Guide, section 11
 */
export async function measureTdx(
  firmware: Uint8Array,
  { order = 'page' }: { readonly order?: TdBuildOrder } = {},
): Promise<Uint8Array> {
  const digester = createDigester('sha384')
  for (const section of readTdvf(firmware)) {
    if (section.isAugmented) continue
    const steps = order === 'page' ? [[added, extended]] : [[added], [extended]]
    for (const step of steps)
      for (const at of pages(section)) for (const operation of step) digester.update(operation(section, at))
  }
  return digester.digest()
}

/** Expectations of a TD with this MRTD, for `verifyTdx` or a reference set. */
export function tdxExpectationsFrom(mrTd: Uint8Array): TdxExpectations {
  return readTdxExpectations({ measurement: [toHex(mrTd)] })
}

function* pages({ size }: TdvfSection): Generator<number> {
  for (let at = 0; at < size; at += PAGE_SIZE) yield at
}

function added({ gpa }: TdvfSection, at: number): Uint8Array {
  return record(ADD, gpa + BigInt(at))
}

/** The records of a page's 16 chunks, each before the chunk itself; nothing where contents are not measured. */
function extended({ gpa, data, isExtended }: TdvfSection, at: number): Uint8Array {
  if (!isExtended) return new Uint8Array()
  const step = RECORD + CHUNK
  const records = new Uint8Array((PAGE_SIZE / CHUNK) * step)
  for (let i = 0; i < PAGE_SIZE / CHUNK; i++) {
    const from = at + i * CHUNK
    records.set(record(EXTEND, gpa + BigInt(from)), i * step)
    records.set(data.subarray(from, from + CHUNK), i * step + RECORD)
  }
  return records
}

function record(operation: string, gpa: bigint): Uint8Array {
  const bytes = new Uint8Array(RECORD)
  bytes.set(new TextEncoder().encode(operation))
  new DataView(bytes.buffer).setBigUint64(16, gpa, true)
  return bytes
}
