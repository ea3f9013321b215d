import { Paper, type PaperOptions, type Tone } from './paper.ts'

/** One field that is not the same on both sides; absent on a side that does not have it. */
export interface Difference {
  readonly path: string
  readonly a?: { readonly value: string; readonly meaning?: string }
  readonly b?: { readonly value: string; readonly meaning?: string }
}

/** What `diff` shows. */
export interface DiffView {
  readonly a: { readonly name: string; readonly form: string }
  readonly b: { readonly name: string; readonly form: string }
  /** Fields that are the same. */
  readonly equal: number
  readonly differences: readonly Difference[]
}

/** The differences for a person: A above B, with a mark below hexadecimal digits that differ. */
export function renderDiff(view: DiffView, options: PaperOptions): string {
  const paper = new Paper(options)
  const { differences, equal } = view
  const count = differences.length === 1 ? '1 field differs' : `${differences.length} fields differ`
  paper.line(
    0,
    2,
    { text: differences.length === 0 ? 'Nothing differs' : count, tone: 'strong' },
    `; ${equal} ${equal === 1 ? 'is' : 'are'} the same.`,
  )
  paper.line(0, 2, `A  ${view.a.form}: ${view.a.name}`).line(0, 2, `B  ${view.b.form}: ${view.b.name}`)
  for (const one of differences) {
    paper.heading(one.path)
    side(paper, 'A', one.a, 'bad')
    side(paper, 'B', one.b, 'good')
    const marks = marksBelow(one.a?.value, one.b?.value)
    if (marks !== undefined && options.columns === undefined) paper.verbatim(5, marks)
  }
  return paper.toString()
}

function side(paper: Paper, name: string, found: Difference['a'], tone: Tone): void {
  const meaning = found?.meaning === undefined ? [] : [{ text: `  ${found.meaning}`, tone: 'faint' as const }]
  paper.line(
    2,
    3,
    `${name}  `,
    found === undefined ? { text: 'does not have it', tone: 'faint' } : { text: found.value, tone },
    ...meaning,
  )
}

/** Carets below the characters that differ; undefined when the lengths do, or everything does. */
function marksBelow(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined || a.length !== b.length || a.length < 8) return undefined
  const marks = Array.from(a, (character, i) => (character === b.charAt(i) ? ' ' : '^'))
    .join('')
    .trimEnd()
  return marks.includes(' ') ? marks : undefined
}
