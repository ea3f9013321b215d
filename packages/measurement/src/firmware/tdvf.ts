import { EvidenceError, type Reader } from '@sekisho/evidence'
import { type MetadataKind, openMetadata } from './metadata.ts'
import { missing, PAGE_SIZE, readFirmwareTable } from './table.ts'

/** Memory that a TD begins with. */
export interface TdvfSection {
  /** 0 boot firmware volume, 1 configuration volume, 2 TD HOB, 3 temporary memory, 4 permanent memory, 5 payload, 6 payload parameters. */
  readonly type: number
  /** Guest physical address and bytes; whole pages of 4096. */
  readonly gpa: bigint
  readonly size: number
  /** What the file has for it, a view; the rest is zeros. */
  readonly data: Uint8Array
  /** Its contents are measured; else only that its pages are there. */
  readonly isExtended: boolean
  /** Its pages come when the TD runs already, unmeasured. */
  readonly isAugmented: boolean
}

const METADATA = 'e47a6535-984a-4798-865e-4685a7bf8ec2'
const TDVF_METADATA: MetadataKind = { field: 'firmware.tdvf', signature: 'TDVF', section: 32, least: 1 }
/** Of all measured sections together: they are measured page by page. */
const MAX_MEASURED = 256 * 1024 ** 2
const TYPES = 7
const SPLIT =
  'data within the file, no longer than the memory (a split build is measured from the whole file, not from its code alone)'

/**
 * Reads the metadata of a firmware for TDs (TDVF).
 *
 * @returns the sections in their order, in which they are measured
 * @throws EvidenceError when it is none, with the byte offset and what was expected there
 * @see Intel TDX Virtual Firmware Design Guide, section 11
 */
export function readTdvf(firmware: Uint8Array): readonly TdvfSection[] {
  const entry = readFirmwareTable(firmware).get(METADATA)
  if (entry === undefined) throw missing('firmware.tdvf', 'the entry of TDVF metadata: a build for Intel TDX')
  const { reader, count, start } = openMetadata(firmware, entry, TDVF_METADATA)
  const sections = Array.from({ length: count }, (_, i) => sectionAt(reader, firmware, i))
  checkMeasured(sections, start)
  return sections
}

function sectionAt(reader: Reader, firmware: Uint8Array, index: number): TdvfSection {
  const name = `section[${index}]`
  const field = `firmware.tdvf.${name}`
  const at = reader.offset
  const offset = reader.u32(`${field}.data-offset`)
  const rawSize = reader.u32(`${field}.data-size`)
  const gpa = reader.u64(`${field}.address`)
  const size = Number(reader.u64(`${field}.memory-size`))
  const type = reader.u32(`${field}.type`)
  const attributes = reader.u32(`${field}.attributes`)
  if (type >= TYPES) throw wrong(at + 24, `${name}.type`, String(type), '0 to 6')
  if (attributes > 3) throw wrong(at + 28, `${name}.attributes`, `0x${attributes.toString(16)}`, 'bits 0 and 1 alone')
  if (gpa % BigInt(PAGE_SIZE) !== 0n || size % PAGE_SIZE !== 0 || !Number.isSafeInteger(size))
    throw wrong(at + 8, name, `${size} bytes at 0x${gpa.toString(16)}`, 'whole pages of 4096 bytes')
  if (rawSize > size || offset + rawSize > firmware.length)
    throw wrong(at, name, `${rawSize} bytes of data at ${offset}`, SPLIT)
  return {
    type,
    gpa,
    size,
    data: firmware.subarray(offset, offset + rawSize),
    isExtended: (attributes & 1) !== 0,
    isAugmented: (attributes & 2) !== 0,
  }
}

function checkMeasured(sections: readonly TdvfSection[], offset: number): void {
  const bytes = sections.reduce((sum, { size, isAugmented }) => sum + (isAugmented ? 0 : size), 0)
  if (bytes <= MAX_MEASURED) return
  const place = { field: 'firmware.tdvf', offset, expected: `at most ${MAX_MEASURED} bytes that are measured` }
  throw new EvidenceError('too-large', `${bytes} bytes of guest memory`, place)
}

function wrong(offset: number, what: string, found: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', found, { field: `firmware.tdvf.${what}`, offset, expected })
}
