import { toHex } from '@sekisho/evidence'
import type { EifMeasurement, EifSection, EifSigner } from '@sekisho/measurement'
import { SEKISHO } from '../self.ts'
import { Paper, type PaperOptions, type Span } from './paper.ts'
import { addTable, type Column } from './table.ts'
import { toYaml } from './yaml.ts'

/** What `measure` shows of an enclave image. */
export interface EnclaveImageView {
  readonly measured: EifMeasurement
  /** PCR3 and PCR4, where the caller said what they are made from. */
  readonly place: { readonly pcr3?: string; readonly pcr4?: string }
  /** Undefined when nothing should be expected of such an image. */
  readonly expectations: Readonly<Record<string, unknown>> | undefined
}

const REGISTERS: readonly (readonly [name: string, what: string])[] = [
  ['pcr0', 'the whole image: kernel, command line, all ramdisks'],
  ['pcr1', 'kernel, command line, boot ramdisk'],
  ['pcr2', 'the application: all further ramdisks'],
  ['pcr3', 'role of the instance'],
  ['pcr4', 'id of the instance'],
  ['pcr8', 'certificate of who signed the image'],
]

/** The registers first, then what the image is, who signed it, and expectations to copy. */
export function renderEnclaveImage(view: EnclaveImageView, options: PaperOptions): string {
  const { measured, expectations } = view
  const paper = new Paper(options)
  const { version, architecture, size } = measured
  const title = `AWS Nitro enclave image (EIF version ${version}, ${architecture})`
  paper.line(0, 2, { text: title, tone: 'strong' }, `  ${size} bytes`)
  addRegisters(paper, view)
  addImage(paper, measured)
  addSections(paper, measured.sections)
  addSigners(paper, measured)
  if (expectations === undefined) {
    paper
      .heading('Expectations')
      .line(2, 0, 'None: the signature of this image does not hold, so nobody should expect it.')
    return paper.toString()
  }
  paper.heading('Expectations')
  paper.line(
    2,
    0,
    `\`--expect-out FILE\` writes them for \`${SEKISHO} verify --expect\` and \`${SEKISHO} reference import\`.`,
  )
  return paper.verbatim(2, toYaml(expectations).trimEnd()).toString()
}

function addRegisters(paper: Paper, { measured, place }: EnclaveImageView): void {
  paper.heading('Registers')
  const values: Readonly<Record<string, string | undefined>> = { ...measured.pcrs, ...place }
  for (const [name, what] of REGISTERS) {
    const value = values[name]
    if (value === undefined) continue
    paper.entry(2, 6, name.toUpperCase(), value)
    paper.line(8, 0, { text: what, tone: 'faint' })
  }
}

const NAME = 16

function addImage(paper: Paper, { commandLine, defaultMemory, defaultCpus, metadata }: EifMeasurement): void {
  paper.heading('Image')
  paper.entry(2, NAME, 'command line', commandLine)
  paper.entry(2, NAME, 'asks for', `${defaultMemory} bytes of memory, ${defaultCpus} processors (not measured)`)
  if (metadata === undefined) return
  const { imageName, imageVersion, buildTime, buildTool, buildToolVersion, operatingSystem, kernelVersion } = metadata
  const entries: readonly (readonly [string, readonly (string | undefined)[]])[] = [
    ['name', [imageName, imageVersion]],
    ['built', [buildTime]],
    ['built with', [buildTool, buildToolVersion]],
    ['runs', [operatingSystem, kernelVersion]],
  ]
  for (const [name, parts] of entries) {
    const text = parts.filter((part) => part !== undefined).join(' ')
    if (text !== '') paper.entry(2, NAME, name, text, { text: '  (not measured)', tone: 'faint' })
  }
}

const COLUMNS: readonly Column<EifSection>[] = [
  { title: 'SECTION', value: ({ type }) => type },
  { title: 'AT BYTE', value: ({ offset }) => String(offset) },
  { title: 'BYTES', value: ({ size }) => String(size) },
  { title: 'SHA-384', value: ({ sha384 }) => toHex(sha384) },
]

function addSections(paper: Paper, sections: readonly EifSection[]): void {
  paper.heading('Sections')
  addTable(paper, 2, COLUMNS, sections)
}

function addSigners(paper: Paper, { signers }: EifMeasurement): void {
  paper.heading('Signature')
  if (signers.length === 0) paper.line(2, 2, 'The image is not signed: enclaves of it have no PCR8.')
  for (const signer of signers) addSigner(paper, signer)
}

function addSigner(paper: Paper, { subject, issuer, serial, keyKind, notBefore, notAfter, checks }: EifSigner): void {
  const issued = subject === issuer ? 'by itself' : `by ${issuer}`
  paper.line(2, 4, subject, `, ${keyKind}, serial ${serial}, issued ${issued}`)
  paper.line(2, 4, `valid from ${notBefore.toISOString()} to ${notAfter.toISOString()}`)
  for (const { outcome, title, reason, expected, actual, remedy } of checks) {
    const mark: Span = outcome === 'pass' ? { text: 'pass', tone: 'good' } : { text: 'FAIL', tone: 'bad' }
    paper.line(2, 8, mark, '  ', title)
    if (outcome === 'pass') continue
    paper.line(8, 2, reason)
    if (expected !== undefined) paper.line(8, 10, 'expected  ', expected)
    if (actual !== undefined) paper.line(8, 10, 'found     ', actual)
    if (remedy !== undefined) paper.line(8, 2, `what helps: ${remedy}`)
  }
}
