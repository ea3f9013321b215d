import { EvidenceError } from '@sekisho/evidence'
import { createDigester, type Digester } from '@sekisho/evidence/crypto'
import type { ImageReader } from '../image-reader.ts'
import {
  type EifHeader,
  type EifSectionType,
  parseSectionHeader,
  SECTION_HEADER_SIZE,
  type SectionKind,
  type SectionRow,
} from './header.ts'

/** One section as found. */
export interface EifSection {
  readonly type: EifSectionType
  /** Offset of the section's header in the file; the content begins 12 bytes later. */
  readonly offset: number
  /** Bytes of the content. */
  readonly size: number
  /** SHA-384 of the content. */
  readonly sha384: Uint8Array
}

/** Everything that reading the sections once gives. */
export interface ReadSections {
  readonly sections: readonly EifSection[]
  /** Contents of the sections that are decoded and not only hashed. */
  readonly contents: ReadonlyMap<EifSectionType, Uint8Array>
  /** SHA-384 of kernel, command line and all ramdisks; of kernel, command line and the first; of the others. */
  readonly image: Uint8Array
  readonly boot: Uint8Array
  readonly application: Uint8Array
}

/** What has been measured so far. */
interface Running {
  readonly image: Digester
  readonly application: Digester
  /** Set behind the first ramdisk: what was measured until then. */
  boot: Uint8Array | undefined
}

/** The order in which measured sections come: their digests run on, so that another order is another image. */
const MEASURED: readonly EifSectionType[] = ['kernel', 'command-line', 'ramdisk']

/**
 * Reads every section once, front to back, and measures kernel, command line and ramdisks in their order.
 * @throws EvidenceError
 */
export async function readSections(reader: ImageReader, { table, version }: EifHeader): Promise<ReadSections> {
  const sections: EifSection[] = []
  const contents = new Map<EifSectionType, Uint8Array>()
  const running: Running = { image: createDigester('sha384'), application: createDigester('sha384'), boot: undefined }
  for (const [index, row] of table.entries()) {
    const field = `eif.section[${index}]`
    const header = await reader.take(SECTION_HEADER_SIZE, field)
    const { kind, size } = parseSectionHeader(header, index, row, version, index === table.length - 1)
    refuseOutOfOrder(kind, sections, field, row.offset)
    const found = { offset: row.offset, size }
    sections.push(await readSection(reader, kind, found, running, contents, `${field} (${kind.type})`))
  }
  const { boot } = running
  if (boot === undefined) throw missing(sections, reader.offset)
  return {
    sections,
    contents,
    image: await running.image.digest(),
    boot,
    application: await running.application.digest(),
  }
}

async function readSection(
  reader: ImageReader,
  kind: SectionKind,
  { offset, size }: SectionRow,
  running: Running,
  contents: Map<EifSectionType, Uint8Array>,
  field: string,
): Promise<EifSection> {
  const own = createDigester('sha384')
  const sinks = [own, ...(MEASURED.includes(kind.type) ? [running.image] : [])]
  if (running.boot !== undefined && kind.type === 'ramdisk') sinks.push(running.application)
  const digest = (bytes: Uint8Array): void => {
    for (const sink of sinks) sink.update(bytes)
  }
  if (kind.limit === undefined) await reader.pass(size, field, digest)
  else {
    const content = await reader.take(size, field)
    contents.set(kind.type, content)
    digest(content)
  }
  if (kind.type === 'ramdisk') running.boot ??= await running.image.digest()
  return { type: kind.type, offset, size, sha384: await own.digest() }
}

function refuseOutOfOrder(kind: SectionKind, before: readonly EifSection[], field: string, offset: number): void {
  const { type } = kind
  const has = (one: EifSectionType | undefined): boolean => before.some((section) => section.type === one)
  if (kind.once && has(type)) throw misplaced(field, offset, `a second ${type}`, `one ${type}`)
  const needed = MEASURED[MEASURED.indexOf(type) - 1]
  if (needed !== undefined && !has(needed)) throw misplaced(field, offset, type, `the ${needed} before it`)
}

function missing(sections: readonly EifSection[], offset: number): EvidenceError {
  const absent = MEASURED.find((type) => !sections.some((section) => section.type === type))
  return misplaced('eif.sections', offset, `no ${absent}`, `a ${absent}`)
}

function misplaced(field: string, offset: number, found: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', found, { field, offset, expected })
}
