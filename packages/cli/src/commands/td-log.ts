import { canonicalJson } from '@sekisho/evidence'
import { bootLogKind } from '@sekisho/evidence/recognise'
import {
  compareRegisters,
  eventLogFindings,
  explainEventLog,
  parseEventLog,
  parseTdxQuote,
  secureBootState,
  settleEventLog,
} from '@sekisho/evidence/tdx'
import type { Around } from '../around.ts'
import { EXIT } from '../exit.ts'
import { renderTdLog, type TdLogView } from '../render/td-log.ts'
import { holdsEvidence, namingFile, sha256 } from './evidence-file.ts'

/** Options of `sekisho inspect` as far as logs go. */
interface LogOptions {
  readonly json?: true
}

/** Whether a file is a TD's measured-boot log as firmware keeps it (CCEL), raw, and nothing else that is known. */
export function isTdLog(bytes: Uint8Array): boolean {
  return bootLogKind(bytes) === 'td' && !holdsEvidence(bytes)
}

/** Shows the events of a log alone, and that this proves nothing. */
export async function inspectTdLog(
  file: string,
  bytes: Uint8Array,
  options: LogOptions,
  around: Around,
): Promise<number> {
  const view = await tdLogView(file, bytes)
  around.out(
    options.json === true ? `${canonicalJson({ kind: 'td-event-log', ...view })}\n` : renderTdLog(view, around),
  )
  return EXIT.ok
}

/**
 * What a TD's log says, event by event: CCEL, or dstack's JSON.
 *
 * @param quote with it, each register beside what the log replays to; nothing of the quote is verified
 * @throws CliError (unreadable) that names the file
 */
export async function tdLogView(file: string, bytes: Uint8Array, quote?: Uint8Array): Promise<TdLogView> {
  try {
    const log = await settleEventLog(parseEventLog(bytes))
    return {
      bytes: bytes.length,
      sha256: sha256(bytes),
      secureBoot: secureBootState(log).state,
      ...(quote === undefined ? {} : { registers: compareRegisters(log, parseTdxQuote(quote).body) }),
      findings: eventLogFindings(log).map(({ text }) => text),
      events: explainEventLog(log),
    }
  } catch (error) {
    throw namingFile(file, error)
  }
}
