import type { CaseResult, JsonValue } from '../conformance/case.ts'
import { Paper, type PaperOptions, type Tone } from './paper.ts'

/** What `conformance` shows. */
export interface ConformanceView {
  readonly results: readonly CaseResult[]
  readonly totals: {
    readonly cases: number
    readonly pass: number
    readonly fail: number
    readonly unsupported: number
  }
  /** A line for each case that passes too. */
  readonly verbose: boolean
}

const WORD: Readonly<Record<CaseResult['outcome'], string>> = { pass: 'pass', fail: 'FAIL', unsupported: 'UNSUPPORTED' }
const TONE: Readonly<Record<CaseResult['outcome'], Tone>> = { pass: 'good', fail: 'bad', unsupported: 'open' }
const MAX_SHOWN = 160

/** Results for a person: a line for each case that does not pass, then the totals. */
export function renderConformance(view: ConformanceView, options: PaperOptions): string {
  const paper = new Paper(options)
  for (const result of view.results) {
    if (result.outcome !== 'pass' || view.verbose) writeCase(paper, result)
  }
  const { cases, pass, fail, unsupported } = view.totals
  const compared = view.results.reduce((sum, result) => sum + result.comparisons.length, 0)
  const failed = { text: `${fail} failed`, ...(fail > 0 ? { tone: 'bad' as const } : {}) }
  const open = { text: `${unsupported} unsupported`, ...(unsupported > 0 ? { tone: 'open' as const } : {}) }
  paper.line(
    0,
    2,
    { text: `${cases} cases`, tone: 'strong' },
    `: ${pass} passed, `,
    failed,
    ', ',
    open,
    `; ${compared} listed values compared`,
  )
  return paper.toString()
}

function writeCase(paper: Paper, result: CaseResult): void {
  paper.line(0, 6, { text: WORD[result.outcome], tone: TONE[result.outcome] }, ` ${result.name}  `, summaryOf(result))
  if (result.message !== undefined) paper.line(6, 2, result.message)
  for (const one of result.comparisons) {
    if (!one.equal) paper.line(6, 2, `${one.path}: expected ${shown(one.expected)}, found ${shown(one.actual)}`)
  }
  if (result.unimplemented.length > 0) paper.line(6, 2, `not implemented: ${result.unimplemented.join(', ')}`)
}

function summaryOf(result: CaseResult): string {
  const verdict =
    result.expectedVerdict === result.actualVerdict
      ? result.actualVerdict
      : `expected ${result.expectedVerdict}, found ${result.actualVerdict}`
  const parts = [verdict]
  const reason = result.actualReason ?? result.decidedBy
  if (reason !== undefined) parts.push(reason)
  if (result.decidedBy !== undefined && result.decidedBy !== reason) parts.push(`by ${result.decidedBy}`)
  if (result.tcbStatus !== undefined) parts.push(result.tcbStatus)
  if (result.advisories !== undefined && result.advisories.length > 0) parts.push(result.advisories.join(' '))
  parts.push(`${result.comparisons.length} values`)
  return parts.join(', ')
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
