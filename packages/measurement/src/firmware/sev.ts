import { EvidenceError, type Reader } from '@sekisho/evidence'
import { type MetadataKind, openMetadata } from './metadata.ts'
import { numberIn, PAGE_SIZE, readFirmwareTable, type TableEntry } from './table.ts'

/**
 * What a section of the SEV metadata is for: memory of the first boot phase, the secrets page, the CPUID page, the calling
 * area of an SVSM, the page of the kernel's hashes.
 */
export type SevSectionType = 'sec-memory' | 'secrets' | 'cpuid' | 'svsm-calling-area' | 'kernel-hashes'

/** Guest memory that the hypervisor prepares before the first instruction. */
export interface SevSection {
  readonly type: SevSectionType
  /** Guest physical address and bytes; whole pages of 4096. */
  readonly gpa: number
  readonly size: number
}

/** What a firmware says of itself for SEV guests. */
export interface SevFirmware {
  /** Where all processors but the first begin; undefined in an SVSM, whose own `entry` counts. */
  readonly resetEip: number | undefined
  /** Guest physical address of the table of the kernel's hashes; 0 or undefined in a build that takes none. */
  readonly hashesTable: number | undefined
  /** In the order in which they are measured. Empty in a build that knows no SNP. */
  readonly sections: readonly SevSection[]
  /** Offset of an SVSM's first instruction. */
  readonly entry: number | undefined
}

const RESET_BLOCK = '00f771de-1a7e-4fcb-890e-68c77e2fb44e'
const HASHES_TABLE = '7255371f-3a3b-4b04-927b-1da6efa8d454'
const METADATA = 'dc886566-984a-4798-a75e-5585a7bf67cc'
const SVSM_INFO = 'a789a612-0597-4c4b-a49f-cbb1fe9d1ddd'

const TYPES: ReadonlyMap<number, SevSectionType> = new Map([
  [1, 'sec-memory'],
  [2, 'secrets'],
  [3, 'cpuid'],
  [4, 'svsm-calling-area'],
  [0x10, 'kernel-hashes'],
])

const SEV_METADATA: MetadataKind = { field: 'firmware.sev-metadata', signature: 'ASEV', section: 12, least: 0 }
/** Of all sections together: they are measured page by page, and real builds have less than a thousandth. */
const MAX_SECTION_BYTES = 256 * 1024 ** 2
const FOUR_GIB = 2 ** 32

/**
 * Reads what a firmware (OVMF or SVSM) says of itself for SEV, SEV-ES and SEV-SNP.
 *
 * @throws EvidenceError with the byte offset and what was expected there
 * @see EDK II, OvmfPkg/ResetVector; AMD 56860, section 8 (launch), for what is done with it
 */
export function readSevFirmware(firmware: Uint8Array): SevFirmware {
  const table = readFirmwareTable(firmware)
  const numberOf = (guid: string, field: string): number | undefined => {
    const entry = table.get(guid)
    return entry && numberIn(firmware, entry, field)
  }
  return {
    resetEip: numberOf(RESET_BLOCK, 'firmware.reset-block'),
    hashesTable: numberOf(HASHES_TABLE, 'firmware.hashes-table'),
    sections: sectionsIn(firmware, table.get(METADATA)),
    entry: numberOf(SVSM_INFO, 'firmware.svsm-info'),
  }
}

function sectionsIn(firmware: Uint8Array, entry: TableEntry | undefined): readonly SevSection[] {
  if (entry === undefined) return []
  const { reader, count, start } = openMetadata(firmware, entry, SEV_METADATA)
  return bounded(
    Array.from({ length: count }, (_, i) => sectionAt(reader, i)),
    start,
  )
}

function sectionAt(reader: Reader, index: number): SevSection {
  const name = `section[${index}]`
  const at = reader.offset
  const gpa = reader.u32(`firmware.sev-metadata.${name}.gpa`)
  const size = reader.u32(`firmware.sev-metadata.${name}.size`)
  const number = reader.u32(`firmware.sev-metadata.${name}.type`)
  const type = TYPES.get(number)
  if (type === undefined) throw wrong(at + 8, `${name}.type`, `0x${number.toString(16)}`, '1, 2, 3, 4 or 0x10')
  if (gpa % PAGE_SIZE !== 0 || size % PAGE_SIZE !== 0 || size === 0 || gpa + size > FOUR_GIB) {
    const found = `0x${size.toString(16)} bytes at 0x${gpa.toString(16)}`
    throw wrong(at, name, found, 'whole pages of 4096 bytes below 4 GiB')
  }
  return { type, gpa, size }
}

function bounded(sections: readonly SevSection[], offset: number): readonly SevSection[] {
  const bytes = sections.reduce((sum, { size }) => sum + size, 0)
  if (bytes <= MAX_SECTION_BYTES) return sections
  throw new EvidenceError('too-large', `${bytes} bytes of guest memory`, {
    field: 'firmware.sev-metadata',
    offset,
    expected: `at most ${MAX_SECTION_BYTES} bytes in all sections`,
  })
}

function wrong(offset: number, what: string, found: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', found, { field: `firmware.sev-metadata.${what}`, offset, expected })
}
