import { EvidenceError, Reader } from '@sekisho/evidence'
import { numberIn, type TableEntry } from './table.ts'

/** Metadata of a firmware, which all begins alike: signature, length, version, number of sections. */
export interface MetadataKind {
  readonly field: string
  readonly signature: string
  /** Bytes of a section. */
  readonly section: number
  /** Fewest sections. */
  readonly least: number
}

const HEAD = 16
const MAX_SECTIONS = 256

/**
 * Reads the head of metadata, whose place an entry of the table names.
 *
 * @returns a reader at the first section, how many there are, and where the metadata begins
 * @throws EvidenceError with the byte offset and what was expected there
 */
export function openMetadata(
  firmware: Uint8Array,
  entry: TableEntry,
  { field, signature, section, least }: MetadataKind,
): { readonly reader: Reader; readonly count: number; readonly start: number } {
  const malformed = (what: string, offset: number, found: string, expected: string): EvidenceError =>
    new EvidenceError('malformed', found, { field: `${field}.${what}`, offset, expected })
  const fromEnd = numberIn(firmware, entry, `${field}.offset`)
  const start = firmware.length - fromEnd
  if (start < 0) throw malformed('offset', entry.offset, `${fromEnd} bytes before the end`, 'a place in the firmware')
  const reader = new Reader(firmware, start)
  const magic = String.fromCharCode(...reader.bytes(signature.length, `${field}.signature`))
  if (magic !== signature) throw malformed('signature', start, JSON.stringify(magic), JSON.stringify(signature))
  const length = reader.u32(`${field}.length`)
  const version = reader.u32(`${field}.version`)
  if (version !== 1) {
    const place = { field: `${field}.version`, offset: start + 8, expected: 'version 1' }
    throw new EvidenceError('unsupported-version', `version ${version}`, place)
  }
  const count = reader.u32(`${field}.count`)
  if (count < least || count > MAX_SECTIONS || length !== HEAD + section * count) {
    const expected = `${HEAD} bytes and ${section} for each of ${least} to ${MAX_SECTIONS} sections`
    throw malformed('length', start + 4, `${length} bytes for ${count} sections`, expected)
  }
  return { reader, count, start }
}
