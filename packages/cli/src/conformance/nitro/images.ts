import { EvidenceError } from '@sekisho/evidence'
import { parseNitroDocument, pcrOf, readNitroExpectations } from '@sekisho/evidence/nitro'
import { type EifMeasurement, type EifSectionType, measureEif, nitroPcr3, nitroPcr4 } from '@sekisho/measurement'
import type { Comparison, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { ByName, compareTree } from '../compare.ts'
import { entriesOf, listOf, member, timeOf } from '../json.ts'
import { type ReasonWords, type Ruling, vocabularyOf } from '../ruling.ts'
import type { CaseRun } from '../run.ts'
import { hex, hexOrNull } from '../values.ts'

/** Reads a case of enclave image files: what is measured of an image, and whether its signature holds. */
export async function readNitroImage(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const image = await files.read('image.eif')
  if (image === undefined) return readPublishedRegisters(files)
  const at = timeOf(content)
  try {
    const found = await measureEif(image, { at })
    return {
      ruling: rulingOf(found, at),
      found: { fields: valuesOf(found) },
      last: await compareParts(files, image, found),
    }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const { code, message } = error
    const reasons = error.field === 'eif.crc32' ? CRC : (WORDS[code] ?? [code])
    const ruling: Ruling = { verdict: 'invalid', reasons, vocabulary: VOCABULARY, decidedBy: code, message }
    return { ruling, found: { fields: undefined } }
  }
}

const CRC: readonly string[] = ['crc-mismatch']

const WORDS: ReasonWords = {
  'trailing-bytes': ['trailing-data'],
  truncated: ['truncated', 'malformed'],
  malformed: ['malformed'],
  'unsupported-version': ['unsupported-version', 'malformed'],
  'unsupported-kind': ['unsupported-kind', 'malformed'],
  'too-large': ['too-large', 'malformed', 'truncated'],
  'eif.signature.algorithm': ['signature-algorithm-mismatch'],
  'eif.signature.valid': ['bad-signature'],
  'eif.signature.register': ['signature-pcr0-mismatch'],
  'eif.signature.dates': ['certificate-expired', 'certificate-not-yet-valid'],
}

const VOCABULARY: ReadonlySet<string> = new Set([...vocabularyOf(WORDS), ...CRC])

function rulingOf({ signers }: EifMeasurement, at: Date): Ruling {
  for (const { checks, notBefore } of signers) {
    const failed = checks.find(({ outcome }) => outcome === 'fail')
    if (failed === undefined) continue
    const words = WORDS[failed.id] ?? [failed.id]
    const reasons = words.filter(
      (word) => word !== (at < notBefore ? 'certificate-expired' : 'certificate-not-yet-valid'),
    )
    return { verdict: 'invalid', reasons, vocabulary: VOCABULARY, decidedBy: failed.id, message: failed.reason }
  }
  return { verdict: 'valid', reasons: [] }
}

const TYPES: Readonly<Record<EifSectionType, number>> = {
  kernel: 1,
  'command-line': 2,
  ramdisk: 3,
  signature: 4,
  metadata: 5,
}

function valuesOf({ pcrs, crc32, sections, version, architecture, signature }: EifMeasurement): JsonValue {
  return {
    measurements: {
      HashAlgorithm: 'SHA384',
      PCR0: pcrs.pcr0,
      PCR1: pcrs.pcr1,
      PCR2: pcrs.pcr2,
      ...(pcrs.pcr8 === undefined ? {} : { PCR8: pcrs.pcr8 }),
    },
    crc32,
    offsets: sections.map(({ offset }) => offset),
    sizes: sections.map(({ size }) => size),
    types: sections.map(({ type }) => TYPES[type]),
    version,
    flags: architecture === 'aarch64' ? 1 : 0,
    signed: signature !== 'none',
    // The rule that `measureEif` follows; the value beside it shows that it is this one.
    ...(pcrs.pcr8 === undefined ? {} : { pcr8Rule: 'SHA384(0^48 || SHA384(DER of the signing certificate))' }),
  }
}

const PARTS: readonly (readonly [file: string, type: EifSectionType, index: number])[] = [
  ['kernel.bin', 'kernel', 0],
  ['cmdline.txt', 'command-line', 0],
  ['metadata.json', 'metadata', 0],
  ...[0, 1, 2].map((index) => [`ramdisk${index}.bin`, 'ramdisk', index] as const),
]

/** The parts that an image was made from, where the case has them, beside its sections. */
async function compareParts(
  files: CaseFiles,
  image: Uint8Array,
  { sections }: EifMeasurement,
): Promise<readonly Comparison[]> {
  const comparisons: Comparison[] = []
  for (const [file, type, index] of PARTS) {
    const part = await files.read(file)
    const section = sections.filter((one) => one.type === type)[index]
    if (part === undefined) continue
    const start = (section?.offset ?? 0) + 12
    const stored = image.subarray(start, start + (section?.size ?? 0))
    comparisons.push(...compareTree(file, hex(part), hex(stored)))
  }
  return comparisons
}

/** A genuine document of an enclave that was built with the stock kernel of the published registers. */
const GENUINE = '../../aws-nitro/dstack-indefinite-map-2025/evidence.bin'

/** Registers that AWS publishes for an image that is not here: they are what expectations take, and PCR1 occurs in the field. */
async function readPublishedRegisters(files: CaseFiles): Promise<CaseRun> {
  const published = await files.needJson('pcrs.json')
  const comparisons: Comparison[] = []
  for (const [architecture, registers] of entriesOf(published)) {
    for (const register of ['PCR0', 'PCR1', 'PCR2']) {
      const value = member(registers, register) ?? null
      const read = readNitroExpectations({ measurement: [value] }).measurement?.[0]
      comparisons.push(...compareTree(`${architecture}.${register}`, value, read))
    }
  }
  const genuine = await files.read(GENUINE)
  if (genuine !== undefined) {
    const pcr1 = hexOrNull(pcrOf(parseNitroDocument(genuine), 1))
    comparisons.push(...compareTree('PCR1 in the field', member(member(published, 'x86_64'), 'PCR1') ?? null, pcr1))
  }
  const verdict = comparisons.length >= 3 ? 'valid' : 'unverifiable'
  return { ruling: { verdict, reasons: [] }, found: { fields: ByName.of({}) }, first: comparisons }
}

/** PCR3 and PCR4: one extension of the zero register with the raw text. */
export async function comparePlaces(files: CaseFiles): Promise<readonly Comparison[]> {
  const known = await files.needJson('kats.json')
  const comparisons: Comparison[] = []
  for (const [register, text, compute] of [
    ['pcr4', 'instanceId', nitroPcr4],
    ['pcr3', 'roleArn', nitroPcr3],
  ] as const) {
    for (const row of listOf(member(known, register))) {
      const name = member(row, text)
      if (typeof name !== 'string') throw new Error(`a row of ${register} has no ${text}`)
      const value = hex(await compute(name))
      comparisons.push(...compareTree(`${register} of ${name}`, member(row, register) ?? null, value))
    }
  }
  return comparisons
}
