import { canonicalJson } from '@sekisho/evidence'
import { sha256 } from '../engine/bytes.ts'
import type { JsonRecord } from '../engine/json.ts'
import { ProofError, type VerifierKey } from './note.ts'
import { proveReceipt, type ReceiptProof, type ReceiptStep } from './receipt.ts'
import { type Step, Steps } from './steps.ts'

/** What a page shows of a decision and the log has an entry for. */
export interface ShownDecision {
  readonly id: string
  readonly at: string
  readonly kind: string
  readonly outcome: string
  readonly emulated: boolean
  readonly resource?: string
  readonly reasonCode?: string
  readonly details: JsonRecord
  readonly verdict?: unknown
}

/** The steps for a receipt, and that it is the receipt of what is shown. */
export type DecisionStep = ReceiptStep | 'decision' | 'verdict'

/** What came of it. */
export interface DecisionProof extends Omit<ReceiptProof, 'steps'> {
  readonly steps: readonly Step<DecisionStep>[]
  /** A verdict is shown that the entry says nothing of: that of an attestation, which has an entry of its own. */
  readonly verdictElsewhere: boolean
}

/** Checks a receipt, and that its entry is of this very decision and verdict. */
export async function proveDecision(
  input: unknown,
  key: VerifierKey,
  namespace: string,
  shown: ShownDecision,
): Promise<DecisionProof> {
  const base = await proveReceipt(input, key)
  const entry = base.receipt?.entry ?? {}
  const digest = entry['verdictSha256']
  const hasVerdict = digest !== undefined
  const more = new Steps<'decision' | 'verdict'>(hasVerdict ? ['decision', 'verdict'] : ['decision'])
  if (base.proven) {
    await more.take('decision', () => compare(entry, membersOf(shown, namespace)))
    if (hasVerdict)
      await more.take('verdict', async () => {
        const found = await sha256(new TextEncoder().encode(canonicalJson(shown.verdict ?? null)))
        if (found !== digest) throw new ProofError('verdict', `its SHA-256 is ${found}`)
      })
  }
  const { steps, proven } = more.result()
  return {
    ...base,
    steps: [...base.steps, ...steps],
    proven: base.proven && proven,
    verdictElsewhere: shown.verdict !== undefined && !hasVerdict,
  }
}

/** The members of an entry that the page shows too; undefined for those that must be absent. */
function membersOf(shown: ShownDecision, namespace: string): Readonly<Record<string, unknown>> {
  return {
    type: shown.kind,
    id: shown.id,
    at: shown.at,
    namespace,
    outcome: shown.outcome,
    emulated: shown.emulated,
    resource: shown.resource,
    reason: shown.reasonCode,
    lease: shown.details['lease'],
    actor: shown.details['actor'],
  }
}

function compare(entry: JsonRecord, shown: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(shown))
    if (entry[name] !== value) throw new ProofError('decision', `${name}: the log has ${said(entry[name])}`)
}

function said(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200)
}
