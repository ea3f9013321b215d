import type { PolicyContext } from '@sekisho/appraisal'
import { makeReceipt } from '../log/receipt.ts'
import { sha256 } from '../verifier/bytes.ts'
import { type Core, compiledPolicy } from './core.ts'
import { type DecisionRow, isContext } from './inspect.ts'
import type { ReverifiedStep } from './recorded-model.ts'
import type { StoredAppraisal } from './state.ts'

/**
 * Whether the policy of then says the same again of what judging the evidence again has found. Nothing where no policy was
 * asked: attestations, and refusals for another reason.
 */
export async function policyStep(
  core: Core,
  row: DecisionRow,
  appraisal: StoredAppraisal,
  found: PolicyContext,
): Promise<readonly ReverifiedStep[]> {
  const { policy_version: version, resource, leaf_index: index } = row
  const expected = answerOf(row)
  if (expected === undefined || version === null || resource === null || index === null) return []
  const step = 'policy'
  const text = await policyText(core, row.namespace, version)
  if (text === undefined)
    return [{ step, outcome: 'unknown', detail: `version ${version} of the policy is not stored` }]
  const { policySha256 } = (await makeReceipt(core.log, index)).entry
  if (policySha256 !== sha256(text))
    return [{ step, outcome: 'differs', detail: `version ${version} of the policy has another digest than the log` }]
  const context = contextOf(row, found)
  const { permitted } = (await compiledPolicy(core, text)).decide({
    action: row.kind === 'renew' ? 'renew' : 'release',
    resource,
    namespace: row.namespace,
    workload: context.measurement === '' ? appraisal.id : context.measurement,
    context,
  })
  const said = `version ${version} of the policy ${permitted ? 'permits' : 'refuses'} it`
  return permitted === expected
    ? [{ step, outcome: 'same', detail: `asked again, ${said}` }]
    : [{ step, outcome: 'differs', detail: `asked again, ${said}, and the decision is ${row.outcome}` }]
}

/** What the policy answered; undefined where it was not asked. */
function answerOf({ kind, outcome, reason_code: reason }: DecisionRow): boolean | undefined {
  if (kind === 'attest' || kind === 'admin') return undefined
  if (outcome === 'released' || outcome === 'renewed' || reason === 'not-found') return true
  return reason === 'policy-deny' ? false : undefined
}

async function policyText(core: Core, namespace: string, version: number): Promise<string | undefined> {
  const [row] = await core.db.all<{ text: string }>(
    'SELECT text FROM policy_versions WHERE namespace = ? AND version = ?',
    [namespace, version],
  )
  return row?.text
}

/**
 * What the policy saw: what was found of the evidence, the time of the decision, and the advisories of the operator then. The
 * end of a lease rests on a later look at the platform, whose endorsements are not kept: its context is taken as recorded.
 */
function contextOf({ kind, body, at }: DecisionRow, found: PolicyContext): PolicyContext {
  const { context: recorded }: { readonly context?: unknown } = JSON.parse(body)
  const now = new Date(at).toISOString()
  if (!isContext(recorded)) return { ...found, now }
  if (kind === 'revoke') return recorded
  const advisories = [...new Set([...found.tcb.advisories, ...recorded.tcb.advisories])]
  return { ...found, now, tcb: { ...found.tcb, advisories } }
}
