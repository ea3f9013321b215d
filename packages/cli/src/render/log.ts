import type { ExplainedBank } from '@sekisho/evidence/tpm'
import { SEKISHO } from '../self.ts'
import { type LoggedBoot, writeFacts } from './boot.ts'
import { digestText } from './digest.ts'
import { Paper, type PaperOptions } from './paper.ts'

/** What a log is worth alone: the first thing that is said of one. */
export const ALONE =
  'A log alone proves nothing: whoever handled it can have written it. Only a quote of its TPM, verified together with it, tells whether this was measured.'

/** One bank of a log, as it is shown. */
export interface LogBankView {
  readonly bank: string
  readonly facts: LoggedBoot
  readonly fault: ExplainedBank['fault']
  /** Replayed values in hex, by number of the PCR. */
  readonly pcrs: Readonly<Record<string, string>>
}

/** What `inspect` shows of a measured-boot log. */
export interface LogView {
  readonly format: string
  readonly bytes: number
  readonly sha256: string
  readonly events: number
  readonly startupLocality: number
  /** Every bank of the log. */
  readonly banks: readonly LogBankView[]
  /** Those of them whose facts are shown. */
  readonly shown: readonly string[]
}

const FAULTS: Readonly<Record<NonNullable<ExplainedBank['fault']>, string>> = {
  'replay-mismatch': 'it does not replay',
  'duplicate-separator': 'a PCR of Windows has a second separator',
  'event-after-separator':
    'an event of Windows comes after the separator of its PCR, where the running system can write',
  'event-digest': 'data of an event do not have its digest: they were changed',
  'secure-boot-contradiction': 'it says of Secure Boot that it is on, and that it is off',
}

/** A log alone, for a person: first that it proves nothing, then its facts as a verdict words them, then its PCRs. */
export function renderLog(view: LogView, options: PaperOptions): string {
  const paper = new Paper(options)
  const title = { text: 'TPM measured-boot log', tone: 'strong' as const }
  paper.line(0, 2, title, `  ${view.bytes} bytes, SHA-256 ${view.sha256}`)
  paper.line(0, 2, { text: ALONE, tone: 'open' })
  paper.line(0, 2, `\`${SEKISHO} verify QUOTE --event-log FILE\` does that.`)
  const banks = view.banks.map(({ bank }) => bank).join(', ')
  paper.line(0, 2, `- ${view.format}, ${view.events} events, startup locality ${view.startupLocality}`)
  paper.line(0, 2, `- banks: ${banks || 'none that can be computed'}`)
  for (const { bank, facts, fault } of view.banks) {
    if (!view.shown.includes(bank)) continue
    paper.heading(`What the event log says (${bank})`)
    paper.entry(2, NAME_WIDTH, 'counts', 'nothing of it: no quote is there')
    if (fault !== undefined) paper.entry(2, NAME_WIDTH, 'fault', { text: FAULTS[fault], tone: 'bad' })
    writeFacts(paper, facts)
  }
  for (const { bank, pcrs } of view.banks) {
    paper.heading(`What it replays to (${bank})`)
    for (const [index, value] of Object.entries(pcrs)) paper.entry(2, NAME_WIDTH, `PCR ${index}`, digestText(value))
    if (Object.keys(pcrs).length === 0) paper.line(2, 2, 'no PCR is extended')
  }
  return paper.toString()
}

const NAME_WIDTH = 21
