import { canonicalJson, EvidenceError, type Verdict } from '@sekisho/evidence'
import { StorageError } from '../storage/errors.ts'
import { sha256 } from '../verifier/bytes.ts'
import type { Expectations } from '../verifier/model.ts'
import { wholeText } from './appraisals.ts'
import type { Core } from './core.ts'
import { type Evaluated, expectationsOf, judgeAgain, type Piece } from './evaluate.ts'
import { type DecisionRow, readDecision, verdictOf } from './inspect.ts'
import { appraisalOf, piecesOf } from './recorded-evidence.ts'
import type { KeptBytes, RecordedPiece, Reverified, ReverifiedStep } from './recorded-model.ts'
import { receivedOf } from './rejudge.ts'
import { logStep } from './reverify-log.ts'
import { policyOfThen, policyStep } from './reverify-policy.ts'
import { referenceDigest, rulesOf } from './rules.ts'
import type { StoredAppraisal } from './state.ts'
import { untrustedRoot, verdictDifferences } from './verdict-differences.ts'

/**
 * Verifies a recorded decision again, as of its time: its leaf in the log, the bytes that it rests on, what judging them
 * again with the endorsements and expectations of then gives, and what the policy of then says of that. Nothing is
 * changed, recorded or asked of anybody. Undefined for a decision of another namespace.
 */
export async function reverify(core: Core, namespace: string, id: string): Promise<Reverified | undefined> {
  const row = await readDecision(core, namespace, id)
  if (row === undefined) return undefined
  const appraisal = row.appraisal === null ? undefined : await storedAppraisal(core, namespace, row.appraisal)
  if (appraisal === 'corrupt') return concluded(row, [{ step: 'evidence', outcome: 'differs', detail: UNREADABLE }])
  const log = await logStep(core, row, appraisal)
  const policy = await policyOfThen(core, row, log.entry)
  const before = [log.step, ...('step' in policy ? [policy] : [])]
  // Of an administrator's act the log is all there is.
  if (row.kind === 'admin') return concluded(row, before)
  if (appraisal === undefined) {
    const detail = row.appraisal === null ? NOTHING_JUDGED : FORGOTTEN
    return concluded(row, [...before, { step: 'evidence', outcome: 'unknown', detail }])
  }
  const pieces = await piecesOf(core.db, appraisal)
  const bytes = [evidenceStep(pieces), collateralStep(pieces)]
  const judgedAt = new Date(appraisal.at)
  if (bytes.some(({ outcome }) => outcome !== 'same')) return concluded(row, [...before, ...bytes], { judgedAt })
  const again = await judgedAgain(core, appraisal, pieces)
  if ('detail' in again) return concluded(row, [...before, ...bytes, again], { judgedAt })
  const { verdict } = again
  const recorded = await corruptOr(() => verdictOf(core, appraisal.id))
  const root = typeof recorded === 'object' ? untrustedRoot(recorded, verdict) : undefined
  // Nothing can be said of what a verdict would be under roots that are not here, nor what a policy would say of it.
  if (root !== undefined) {
    const unknown: ReverifiedStep = { step: 'verdict', outcome: 'unknown', detail: `${OTHER_ROOT}: ${root}` }
    return concluded(row, [...before, ...bytes, unknown], { judgedAt })
  }
  // A decision that the log tells otherwise has nothing that a policy could be asked about.
  const asked = async (text: string | undefined): Promise<readonly ReverifiedStep[]> =>
    log.step.outcome === 'differs' ? [] : policyStep(core, row, appraisal, again.appraisal.context, text)
  const steps = [
    log.step,
    ...bytes,
    verdictStep(row, appraisal, again, { recorded, proven: log.proven }),
    await expectationsStep(core, appraisal),
    ...('step' in policy ? [policy] : await asked(policy.text)),
  ]
  return concluded(row, steps, { judgedAt, verdict })
}

async function storedAppraisal(
  core: Core,
  namespace: string,
  id: string,
): Promise<StoredAppraisal | 'corrupt' | undefined> {
  return corruptOr(() => appraisalOf(core, namespace, id))
}

async function corruptOr<T>(read: () => Promise<T>): Promise<T | 'corrupt'> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof StorageError && error.code === 'corrupt') return 'corrupt'
    throw error
  }
}

const UNREADABLE = 'what is stored of the appraisal cannot be read: it was altered'

const NOTHING_JUDGED = 'no evidence was judged for this decision'
const FORGOTTEN = 'what this decision rests on is not kept any more: retention'

function concluded(
  { id, at }: DecisionRow,
  steps: readonly ReverifiedStep[],
  found: Pick<Reverified, 'judgedAt' | 'verdict'> = {},
): Reverified {
  const has = (outcome: ReverifiedStep['outcome']): boolean => steps.some((one) => one.outcome === outcome)
  const result = has('differs') ? 'differs' : has('unknown') ? 'incomplete' : 'confirmed'
  return { decision: id, at: new Date(at), result, steps, ...found }
}

function evidenceStep(pieces: readonly RecordedPiece[]): ReverifiedStep {
  const parts = pieces.flatMap(({ name, evidence, eventLog }) => [
    { what: `evidence of ${name}`, kept: evidence },
    ...(eventLog === undefined ? [] : [{ what: `event log of ${name}`, kept: eventLog }]),
  ])
  return bytesStep('evidence', parts)
}

function collateralStep(pieces: readonly RecordedPiece[]): ReverifiedStep {
  return bytesStep(
    'collateral',
    pieces.map(({ name, collateral }) => ({ what: `endorsements of ${name}`, kept: collateral })),
  )
}

function bytesStep(
  step: 'evidence' | 'collateral',
  parts: readonly { readonly what: string; readonly kept: KeptBytes }[],
): ReverifiedStep {
  const changed = parts.find(({ kept: { bytes, sha256: digest } }) => bytes !== undefined && sha256(bytes) !== digest)
  if (changed !== undefined)
    return { step, outcome: 'differs', detail: `the ${changed.what}: the stored bytes have another digest` }
  const missing = parts.find(({ kept }) => kept.bytes === undefined)
  if (missing !== undefined)
    return { step, outcome: 'unknown', detail: `the ${missing.what}: the bytes are not kept, only their digest` }
  const digests = parts.map(({ kept, what }) => `${what} ${kept.sha256}`)
  return { step, outcome: 'same', detail: `the stored bytes have the recorded digests: ${digests.join(', ')}` }
}

/** Judges by what was expected then, whatever is in force now. */
async function judgedAgain(
  core: Core,
  { at: then, namespace, grounds }: StoredAppraisal,
  recorded: readonly RecordedPiece[],
): Promise<Evaluated | ReverifiedStep> {
  const at = new Date(then)
  const pieces = recorded.flatMap(({ name, tee, evidence, eventLog, collateral, expect, reference }): Piece[] => {
    if (evidence.bytes === undefined || collateral.bytes === undefined) return []
    const kept = collateral.bytes
    return [
      {
        name,
        received: receivedOf(tee, { evidence: evidence.bytes, eventLog: eventLog?.bytes, kept }),
        request: { expect, at, namespace, kept, past: true },
        ...(reference === undefined ? {} : { reference }),
      },
    ]
  })
  try {
    return await judgeAgain(core, pieces, at)
  } catch (error) {
    // An earlier version of this program may have stored what this one reads otherwise.
    if (!(error instanceof EvidenceError || error instanceof TypeError)) throw error
    const detail = `the ${grounds.length === 1 ? 'evidence' : 'pieces of evidence'} cannot be judged again: ${error.message}`
    return { step: 'verdict', outcome: 'unknown', detail }
  }
}

/** Whether the same bytes give the same verdict, and whether that carries the decision. */
function verdictStep(
  row: DecisionRow,
  appraisal: StoredAppraisal,
  { verdict, refusal }: Evaluated,
  { recorded, proven }: { readonly recorded: Verdict | 'corrupt' | undefined; readonly proven: boolean },
): ReverifiedStep {
  const step = 'verdict'
  // It could be shown to nobody, and is not what was recorded, whatever comes out now.
  if (recorded === 'corrupt')
    return { step, outcome: 'differs', detail: 'the stored verdict has another digest than the recorded one' }
  const isGranted = row.outcome === 'released' || row.outcome === 'renewed' || row.outcome === 'attested'
  if (isGranted && refusal !== undefined)
    return {
      step,
      outcome: 'differs',
      detail: `the decision is ${row.outcome}, and the evidence is refused: ${refusal}`,
    }
  const { sha256: digest } = wholeText(verdict)
  if (digest === appraisal.verdict)
    return { step, outcome: 'same', detail: `judged again as of then, the verdict is the recorded one: ${digest}` }
  if (recorded === undefined)
    return { step, outcome: 'unknown', detail: `the verdict has another digest, and the recorded one is not kept` }
  const differences = verdictDifferences(recorded, verdict)
  if (differences.length === 0)
    return proven
      ? { step, outcome: 'same', detail: SAME_IN_OTHER_WORDS }
      : { step, outcome: 'unknown', detail: OTHER_WORDS }
  const told = differences.slice(0, MAX_TOLD).join('; ')
  const more = differences.length > MAX_TOLD ? `; and ${differences.length - MAX_TOLD} more` : ''
  return { step, outcome: 'differs', detail: `judged again as of then: ${told}${more}. ${OF_NOW}` }
}

const MAX_TOLD = 8
const OTHER_ROOT = 'the verdict rests on a root that this checkpoint does not trust now'
const SAME_IN_OTHER_WORDS =
  'judged again as of then, every check and claim comes out as recorded, in the words of another version of this program'
// What was expected may have been altered where no leaf names it: that shows in words alone.
const OTHER_WORDS =
  'judged again as of then, every check and claim comes out as recorded, in other words; the log does not prove what was expected'
const OF_NOW = 'Images and requests that the operator names are those of now'

/** Whether what was expected is what the reference sets say that are in force now: where they changed since, nothing shows it. */
async function expectationsStep(core: Core, { namespace, grounds }: StoredAppraisal): Promise<ReverifiedStep> {
  const step = 'expectations'
  const { references } = await rulesOf(core, core.db, namespace)
  for (const { reference, referenceSha256, expect, bound } of grounds) {
    if (reference === undefined) continue
    const set = references.find(({ name }) => name === reference)
    if (set === undefined || referenceDigest(set) !== referenceSha256)
      return { step, outcome: 'same', detail: `as recorded; the reference set ${reference} is another now, or gone` }
    if (lasting(expectationsOf(core, set.values, bound)) !== lasting(expect))
      return { step, outcome: 'differs', detail: `the reference set ${reference} says otherwise, and was not changed` }
  }
  const names = grounds.flatMap(({ reference }) => reference ?? [])
  const detail =
    names.length === 0 ? 'no reference set was met' : `the reference sets are in force unchanged: ${names.join(', ')}`
  return { step, outcome: 'same', detail }
}

/** Expectations without what depends on how the checkpoint was started. */
function lasting({ allowDebug: _debug, allowEmulated: _emulated, ...expect }: Expectations): string {
  return canonicalJson(expect)
}
