import type { Recognised } from '@sekisho/evidence/recognise'
import { SEKISHO } from '../self.ts'
import type { Field } from '../tee/door.ts'
import { digestText } from './digest.ts'
import { Paper, type PaperOptions } from './paper.ts'

/** What is decoded, and what lay around it. */
type Shown = Pick<Recognised, 'form' | 'evidence' | 'wrappers' | 'companions' | 'unused'>

/** What `inspect` shows. */
export interface FieldsView {
  readonly recognised: Shown
  readonly sha256: string
  readonly fields: readonly Field[]
  /** With the document and section of each field. */
  readonly verbose: boolean
}

/** Evidence decoded for a person, field by field, below the groups of the specification. */
export function renderFields(view: FieldsView, options: PaperOptions): string {
  const { recognised } = view
  const paper = new Paper(options)
  paper.line(
    0,
    2,
    { text: recognised.form, tone: 'strong' },
    `  ${recognised.evidence.length} bytes, SHA-256 ${view.sha256}`,
  )
  paper.line(0, 2, `Decoded only: nothing here is verified. \`${SEKISHO} verify\` does that.`)
  for (const remark of remarksOf(recognised)) paper.line(0, 2, `- ${remark}`)
  const width = nameWidth(view.fields)
  let before: string | undefined
  for (const field of view.fields) {
    writeParents(paper, field.path, before)
    before = field.path
    const offset = field.offset === undefined ? '      ' : `0x${field.offset.toString(16).padStart(4, '0')}`
    const meaning = field.meaning === undefined ? [] : [{ text: `  ${field.meaning}`, tone: 'faint' as const }]
    paper.line(
      2,
      9 + width,
      { text: `${offset}  `, tone: 'faint' },
      nameOf(field.path).padEnd(width),
      ' ',
      digestText(String(field.value)),
      ...meaning,
    )
    if (view.verbose && field.source !== undefined) paper.line(11 + width, 2, { text: field.source, tone: 'faint' })
  }
  return paper.toString()
}

/** What was taken off, and what travelled along, one sentence each. */
export function remarksOf(recognised: Shown): readonly string[] {
  const remarks = recognised.wrappers.map((wrapper) => `taken out of: ${wrapper.name} (${wrapper.length} bytes)`)
  for (const one of recognised.companions) {
    remarks.push(
      `came with it: ${one.kind} ${one.label === undefined ? '' : `${one.label} `}in ${one.from} (${one.bytes.length} bytes)`,
    )
  }
  for (const one of recognised.unused) remarks.push(`not looked at: ${one}`)
  return remarks
}

const MAX_NAME = 34

function nameWidth(fields: readonly Field[]): number {
  return Math.min(MAX_NAME, Math.max(8, ...fields.map((field) => nameOf(field.path).length)))
}

/** The last part of a path, set in by its depth below the structure. */
function nameOf(path: string): string {
  const parts = path.split('.')
  return '  '.repeat(Math.max(0, parts.length - 2)) + (parts.at(-1) ?? '')
}

/** The structure as a heading, and the field that this one is a part of, where the line before was about another. */
function writeParents(paper: Paper, path: string, before: string | undefined): void {
  const [top = '', ...parts] = path.split('.')
  const last = before?.split('.') ?? []
  if (top !== last[0]) paper.heading(top)
  parts.slice(0, -1).forEach((_, depth) => {
    const parent = [top, ...parts.slice(0, depth + 1)].join('.')
    const shown = before === parent || before?.startsWith(`${parent}.`) === true
    if (!shown) paper.line(2, 2, `        ${nameOf(parent)}`)
  })
}
