import { isRecord } from '../json.ts'
import type { LogEntry } from '../log/entry.ts'
import { makeReceipt, verifyReceipt } from '../log/receipt.ts'
import { StorageError } from '../storage/errors.ts'
import type { Core } from './core.ts'
import type { DecisionRow } from './inspect.ts'
import { detailsDigest, digestsOf } from './record.ts'
import type { ReverifiedStep } from './recorded-model.ts'
import type { StoredAppraisal } from './state.ts'

/** What the log says of a decision. */
export interface Logged {
  readonly step: ReverifiedStep
  /** The leaf, where it is proven to be one of the log. */
  readonly entry?: LogEntry
  /** Whether the leaf names all that the verdict came of, and the database has that. */
  readonly proven: boolean
}

/** Whether the log holds the decision as the database has it, with the digests of what it rests on. */
export async function logStep(core: Core, row: DecisionRow, appraisal: StoredAppraisal | undefined): Promise<Logged> {
  const { leaf_index: index } = row
  const differs = (detail: string): ReverifiedStep => ({ step: 'log', outcome: 'differs', detail })
  if (index === null) return { step: differs('the decision has no leaf in the log'), proven: false }
  const entry = await provenEntry(core, index)
  if (typeof entry === 'string')
    return { step: differs(`leaf ${index} of the log proves nothing: ${entry}`), proven: false }
  const other = differing(entry, row, appraisal)
  if (other !== undefined) {
    const detail = `leaf ${index} of the log has another ${other} than the database: one of both was altered`
    return { step: differs(detail), entry, proven: false }
  }
  if (entry.detailsSha256 === undefined) {
    const detail = `leaf ${index} of the log is of a former version: it names neither the details nor what was expected`
    return { step: { step: 'log', outcome: 'unknown', detail }, entry, proven: false }
  }
  const digests = entry.verdictSha256 === undefined ? '' : ', with the digests of evidence, endorsements and verdict'
  const step: ReverifiedStep = { step: 'log', outcome: 'same', detail: `it is leaf ${index} of the log${digests}` }
  return { step, entry, proven: appraisal !== undefined }
}

async function provenEntry(core: Core, index: number): Promise<LogEntry | string> {
  try {
    const verdict = verifyReceipt(await makeReceipt(core.log, index), core.log.verifierKey)
    return verdict.valid ? verdict.entry : verdict.problem
  } catch (error) {
    // A leaf that is no entry, one that the log does not have, or hashes that are not there: somebody altered the database.
    if (error instanceof StorageError && error.code === 'corrupt') return error.message
    if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return error.message
    throw error
  }
}

/** All that the leaf must say. The policy is looked at by a step of its own. */
function expected(row: DecisionRow, appraisal: StoredAppraisal | undefined): Omit<LogEntry, 'policySha256'> {
  const { kind, resource, reason_code: reason } = row
  const details = detailsOf(row)
  const { lease, actor } = details
  const digests = appraisal === undefined ? undefined : digestsOf(appraisal)
  const reference = kind === 'revoke' ? undefined : appraisal?.grounds[0]?.reference
  return {
    id: row.id,
    type: kind,
    namespace: row.namespace,
    at: new Date(row.at).toISOString(),
    outcome: row.outcome,
    emulated: details['emulated'] === true,
    detailsSha256: detailsDigest(row),
    ...(resource === null ? {} : { resource }),
    ...(reason === null ? {} : { reason }),
    ...(typeof lease === 'string' ? { lease } : {}),
    ...(typeof actor === 'string' ? { actor } : {}),
    ...(reference === undefined ? {} : { referenceSet: reference }),
    ...(digests === undefined
      ? {}
      : {
          appraisalSha256: digests.appraisal,
          verdictSha256: digests.verdict,
          ...(digests.evidence === undefined ? {} : { evidenceSha256: digests.evidence }),
          ...(digests.collateral === undefined ? {} : { collateralSha256: digests.collateral }),
        }),
  }
}

/** What a decision's owner is shown beside; nothing where it cannot be read. */
export function detailsOf({ body }: DecisionRow): Readonly<Record<string, unknown>> {
  try {
    const details: unknown = JSON.parse(body)
    return isRecord(details) ? details : {}
  } catch {
    // Its digest is another one than the leaf has.
    return {}
  }
}

/** What the leaf has of an appraisal: not to be compared once that is forgotten. */
const OF_APPRAISAL: readonly string[] = [
  'verdictSha256',
  'appraisalSha256',
  'evidenceSha256',
  'collateralSha256',
  'referenceSet',
]
/** What leaves did not name before they named the details; those of the ends of leases no digests either. */
const OF_NOW: readonly string[] = ['appraisalSha256', 'detailsSha256']

function differing(entry: LogEntry, row: DecisionRow, appraisal: StoredAppraisal | undefined): string | undefined {
  const said = new Map<string, unknown>(Object.entries(entry))
  const wanted = new Map<string, unknown>(Object.entries(expected(row, appraisal)))
  const isFormer = entry.detailsSha256 === undefined
  const isForgotten = row.appraisal !== null && appraisal === undefined
  // A member that is plain to see is named before the digests over many.
  const plain = [...said.keys(), ...wanted.keys()].filter((name) => !OF_NOW.includes(name))
  const names = new Set([...plain, ...OF_NOW])
  names.delete('policySha256')
  if (isForgotten) for (const name of OF_APPRAISAL) names.delete(name)
  if (isFormer) {
    for (const name of OF_NOW) names.delete(name)
    if (row.kind === 'renew') names.delete('referenceSet')
    if (row.kind === 'revoke') for (const name of OF_APPRAISAL) names.delete(name)
  }
  return [...names].find((name) => said.get(name) !== wanted.get(name))
}
