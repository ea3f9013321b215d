import type { ExplainedEvent, RegisterComparison } from '@sekisho/evidence/tdx'
import { SEKISHO } from '../self.ts'
import { digestText } from './digest.ts'
import { Paper, type PaperOptions } from './paper.ts'

/** What `inspect` shows of a TD's measured-boot log. */
export interface TdLogView {
  readonly bytes: number
  readonly sha256: string
  readonly secureBoot: 'on' | 'off' | 'unknown'
  /** Beside a quote: each register and what the log replays to. */
  readonly registers?: readonly RegisterComparison[]
  /** What is odd about the log, one sentence each. */
  readonly findings: readonly string[]
  readonly events: readonly ExplainedEvent[]
}

const ALONE =
  'A log proves nothing by itself: only where it replays to a register of a verified quote was this measured.'
const NAME_WIDTH = 14

/** The log for a person: what it is worth, each register, and each event below the register it is of. */
export function renderTdLog(view: TdLogView, options: PaperOptions): string {
  const paper = new Paper(options)
  paper.line(
    0,
    2,
    { text: 'Measured-boot log of a TD', tone: 'strong' },
    `  ${view.bytes} bytes, SHA-256 ${view.sha256}`,
  )
  paper.line(0, 2, { text: ALONE, tone: 'open' })
  paper.line(0, 2, `\`${SEKISHO} verify QUOTE --event-log FILE\` does that.`)
  paper.line(0, 2, `- ${view.events.length} events; by the log, Secure Boot is ${view.secureBoot}`)
  for (const text of view.findings) paper.line(0, 2, '- ', { text, tone: 'bad' })
  for (const one of view.registers ?? []) writeRegister(paper, one)
  const registers = [...new Set(view.events.map(({ register }) => register))].sort()
  for (const register of registers) {
    paper.heading(register === undefined ? 'Not measured' : `Events of ${register.toUpperCase()}`)
    for (const event of view.events) if (event.register === register) writeEvent(paper, event)
  }
  return paper.toString()
}

function writeRegister(paper: Paper, { register, replayed, quoted, equal, explanation }: RegisterComparison): void {
  paper.heading(`${register.toUpperCase()} in the quote, which nobody has verified here`)
  paper.line(2, 2, { text: explanation, tone: equal ? 'good' : 'bad' })
  if (equal) return
  paper.entry(2, NAME_WIDTH, 'quote', digestText(quoted))
  paper.entry(2, NAME_WIDTH, 'log', digestText(replayed))
}

function writeEvent(paper: Paper, { number, typeName, digest, bound, text }: ExplainedEvent): void {
  paper.line(2, 6, `${String(number).padStart(3)}  ${text}`)
  if (digest === '') return
  const covered = bound === 'unbound' ? 'what its digest is over is not in the log' : 'the digest is over what is shown'
  paper.line(7, 2, { text: `${typeName}, ${covered}: ${digest}`, tone: 'faint' })
}
