import type { LogEntry } from '../log/entry.ts'
import { makeReceipt, verifyReceipt } from '../log/receipt.ts'
import type { Core } from './core.ts'
import type { DecisionRow } from './inspect.ts'
import type { ReverifiedStep } from './recorded-model.ts'
import type { StoredAppraisal } from './state.ts'

/** Whether the log holds the decision as the database has it, with the digests of what it rests on. */
export async function logStep(
  core: Core,
  row: DecisionRow,
  appraisal: StoredAppraisal | undefined,
): Promise<ReverifiedStep> {
  const { leaf_index: index } = row
  const differs = (detail: string): ReverifiedStep => ({ step: 'log', outcome: 'differs', detail })
  if (index === null) return differs('the decision has no leaf in the log')
  const proven = await provenEntry(core, index)
  if (typeof proven === 'string') return differs(`leaf ${index} of the log proves nothing: ${proven}`)
  const other = differing(proven, expected(row, appraisal))
  if (other !== undefined)
    return differs(`leaf ${index} of the log has another ${other} than the database: one of both was altered`)
  const digests = proven.verdictSha256 === undefined ? '' : ', with the digests of evidence, endorsements and verdict'
  return { step: 'log', outcome: 'same', detail: `it is leaf ${index} of the log${digests}` }
}

async function provenEntry(core: Core, index: number): Promise<LogEntry | string> {
  try {
    const verdict = verifyReceipt(await makeReceipt(core.log, index), core.log.verifierKey)
    return verdict.valid ? verdict.entry : verdict.problem
  } catch (error) {
    // A leaf that is no entry, or one that the log does not have: somebody altered the database.
    if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return error.message
    throw error
  }
}

/** What the leaf must say. A member that it does not have is not compared: the ends of leases name no digests. */
function expected(row: DecisionRow, appraisal: StoredAppraisal | undefined): Partial<LogEntry> {
  const [primary] = appraisal?.grounds ?? []
  return {
    id: row.id,
    type: row.kind,
    namespace: row.namespace,
    at: new Date(row.at).toISOString(),
    outcome: row.outcome,
    ...(row.resource === null ? {} : { resource: row.resource }),
    ...(row.reason_code === null ? {} : { reason: row.reason_code }),
    ...(appraisal === undefined ? {} : { verdictSha256: appraisal.verdict, emulated: appraisal.emulated }),
    ...(primary === undefined ? {} : { evidenceSha256: primary.evidence, collateralSha256: primary.collateral }),
  }
}

const ABSENT_IN_ENDS: readonly string[] = ['verdictSha256', 'evidenceSha256', 'collateralSha256']

function differing(entry: LogEntry, wanted: Partial<LogEntry>): string | undefined {
  const said = new Map<string, unknown>(Object.entries(entry))
  const found = Object.entries(wanted).find(
    ([member, value]) => said.get(member) !== value && !(ABSENT_IN_ENDS.includes(member) && !said.has(member)),
  )
  return found?.[0]
}
