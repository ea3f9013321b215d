import { EvidenceError } from '@sekisho/evidence'

/** Bytes of the file header, and of the header before each section. */
export const HEADER_SIZE = 548
export const SECTION_HEADER_SIZE = 12
/** The checksum, which is the last field of the header, covers everything but itself. */
export const CRC_OFFSET = 544

/** What a section holds. @see AWS Nitro Enclaves image format, section types */
export type EifSectionType = 'kernel' | 'command-line' | 'ramdisk' | 'signature' | 'metadata'

/** All that reading has to know about a kind of section. */
export interface SectionKind {
  readonly type: EifSectionType
  /** Format version that introduced it. */
  readonly since: number
  /** Undefined where there may be several. */
  readonly once?: true
  /** Longest accepted content in bytes, where it is decoded and not only hashed. */
  readonly limit?: number
}

const KINDS: ReadonlyMap<number, SectionKind> = new Map([
  [1, { type: 'kernel', since: 2, once: true }],
  [2, { type: 'command-line', since: 2, once: true, limit: 64 * 1024 }],
  [3, { type: 'ramdisk', since: 2 }],
  [4, { type: 'signature', since: 3, once: true, limit: 128 * 1024 }],
  [5, { type: 'metadata', since: 4, once: true, limit: 1024 * 1024 }],
])

/** Processors that images are made for, by bit 0 of the flags. */
export type EifArchitecture = 'x86_64' | 'aarch64'

/** One row of the header's table of sections. */
export interface SectionRow {
  /** Offset of the section's header in the file. */
  readonly offset: number
  /** Bytes of the content behind that header. */
  readonly size: number
}

/** The file header. */
export interface EifHeader {
  readonly version: number
  readonly architecture: EifArchitecture
  /** Memory in bytes, and processors, that the image asks for when the operator names none. */
  readonly defaultMemory: bigint
  readonly defaultCpus: bigint
  readonly table: readonly SectionRow[]
  /** The checksum as the header has it. */
  readonly crc32: number
}

const MAGIC = 0x2e656966
const VERSIONS = { oldest: 2, newest: 4 } as const
const AARCH64 = 1
const MAX_SECTIONS = 32
/** Offsets of fields in the header. */
const AT = { version: 4, flags: 6, memory: 8, cpus: 16, reserved: 24, count: 26, offsets: 28, sizes: 284, unused: 540 }

/**
 * Reads the header of an enclave image file, all fields big-endian, and holds its table of sections
 * together: sections follow each other without a gap, so that whoever reads by the table and whoever
 * reads front to back see the same image.
 *
 * @param bytes the first {@link HEADER_SIZE} bytes
 * @param maxSize longest accepted image
 * @throws EvidenceError
 */
export function parseEifHeader(bytes: Uint8Array, maxSize: number): EifHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_SIZE)
  if (view.getUint32(0) !== MAGIC) throw wrong('malformed', 'magic', 0, hex(view.getUint32(0)), '`.eif` (0x2e656966)')
  const version = view.getUint16(AT.version)
  if (version < VERSIONS.oldest || version > VERSIONS.newest)
    throw wrong('unsupported-version', 'version', AT.version, version, `${VERSIONS.oldest} to ${VERSIONS.newest}`)
  const flags = view.getUint16(AT.flags)
  if (flags > AARCH64) throw wrong('unsupported-kind', 'flags', AT.flags, hex(flags), 'bit 0 (aarch64) alone, or none')
  for (const [name, at, value] of [
    ['reserved', AT.reserved, view.getUint16(AT.reserved)],
    ['unused', AT.unused, view.getUint32(AT.unused)],
  ] as const)
    if (value !== 0) throw wrong('malformed', name, at, hex(value), 'zero')
  return {
    version,
    architecture: flags === AARCH64 ? 'aarch64' : 'x86_64',
    defaultMemory: view.getBigUint64(AT.memory),
    defaultCpus: view.getBigUint64(AT.cpus),
    table: readTable(view, maxSize),
    crc32: view.getUint32(CRC_OFFSET),
  }
}

function readTable(view: DataView, maxSize: number): readonly SectionRow[] {
  const count = view.getUint16(AT.count)
  if (count === 0 || count > MAX_SECTIONS)
    throw wrong('malformed', 'num_sections', AT.count, count, `1 to ${MAX_SECTIONS}`)
  const rows: SectionRow[] = []
  let next = HEADER_SIZE
  for (let i = 0; i < MAX_SECTIONS; i++) {
    const offset = view.getBigUint64(AT.offsets + 8 * i)
    const size = view.getBigUint64(AT.sizes + 8 * i)
    const expected = i < count ? next : 0
    if (offset !== BigInt(expected))
      throw wrong('malformed', `section_offsets[${i}]`, AT.offsets + 8 * i, offset, placeOf(i, count, expected))
    const most = i < count ? Math.max(0, maxSize - next - SECTION_HEADER_SIZE) : 0
    if (size > BigInt(most)) {
      const code = i < count ? 'too-large' : 'malformed'
      throw wrong(code, `section_sizes[${i}]`, AT.sizes + 8 * i, size, i < count ? `at most ${most}` : 'zero')
    }
    if (i >= count) continue
    rows.push({ offset: next, size: Number(size) })
    next += SECTION_HEADER_SIZE + Number(size)
  }
  return rows
}

function placeOf(index: number, count: number, expected: number): string {
  if (index >= count) return 'zero: there is no such section'
  return `${expected}, where the ${index === 0 ? 'header' : 'section before'} ends`
}

/**
 * Reads the header of a section, which must say what the table says of it; but of a signature at the end of the image
 * the table may say another size, which is the former signature's: AWS's signer leaves it there when it signs an image
 * anew. No register depends on it.
 *
 * @param bytes {@link SECTION_HEADER_SIZE} bytes
 * @param index position of the section, for errors
 * @param isLast whether no other section follows
 * @returns its kind, and the bytes of its content
 * @throws EvidenceError with offsets in the file
 */
export function parseSectionHeader(
  bytes: Uint8Array,
  index: number,
  row: SectionRow,
  version: number,
  isLast: boolean,
): { readonly kind: SectionKind; readonly size: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SECTION_HEADER_SIZE)
  const field = `section[${index}]`
  const type = view.getUint16(0)
  const kind = KINDS.get(type)
  if (kind === undefined || kind.since > version) {
    const known = [...KINDS].filter(([, { since }]) => since <= version).map(([number, one]) => `${number} ${one.type}`)
    throw wrong('unsupported-kind', `${field}.type`, row.offset, type, `in version ${version} ${known.join(', ')}`)
  }
  const flags = view.getUint16(2)
  if (flags !== 0) throw wrong('unsupported-kind', `${field}.flags`, row.offset + 2, hex(flags), 'zero')
  const size = view.getBigUint64(4)
  if (size !== BigInt(row.size) && !(kind.type === 'signature' && isLast))
    throw wrong('malformed', `${field}.size`, row.offset + 4, size, `${row.size}, as the header's table says`)
  if (kind.limit !== undefined && size > BigInt(kind.limit))
    throw wrong('too-large', `${field}.size`, row.offset + 4, size, `at most ${kind.limit} for ${kind.type}`)
  return { kind, size: Number(size) }
}

function wrong(
  code: EvidenceError['code'],
  field: string,
  offset: number,
  found: number | bigint | string,
  expected: string,
): EvidenceError {
  return new EvidenceError(code, String(found), { field: `eif.${field}`, offset, expected })
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
