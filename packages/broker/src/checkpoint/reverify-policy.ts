import type { PolicyContext } from '@sekisho/appraisal'
import type { LogEntry } from '../log/entry.ts'
import { sha256 } from '../verifier/bytes.ts'
import { type Core, compiledPolicy } from './core.ts'
import { type DecisionRow, isContext } from './inspect.ts'
import type { ReverifiedStep } from './recorded-model.ts'
import { detailsOf } from './reverify-log.ts'
import { policyText } from './rules.ts'
import type { StoredAppraisal } from './state.ts'

const step = 'policy'

/**
 * The policy that was in force then, where its text has the digest that the leaf names; else the step that says what is
 * wrong. No text where there was no policy, or where the leaf is not proven.
 */
export async function policyOfThen(
  core: Core,
  { namespace, policy_version: version }: DecisionRow,
  entry: LogEntry | undefined,
): Promise<ReverifiedStep | { readonly text?: string }> {
  const logged = entry?.policySha256
  if (entry === undefined || (version === null && logged === undefined)) return {}
  if (version === null) return { step, outcome: 'differs', detail: 'the log names a policy, and the database none' }
  const text = await policyText(core.db, namespace, version)
  if (text === undefined) return { step, outcome: 'unknown', detail: `version ${version} of the policy is not stored` }
  return logged === sha256(text)
    ? { text }
    : { step, outcome: 'differs', detail: `version ${version} of the policy has another digest than the log` }
}

/**
 * Whether the policy of then says the same again of what judging the evidence again has found. Nothing where no policy was
 * asked: attestations, and refusals for another reason.
 */
export async function policyStep(
  core: Core,
  row: DecisionRow,
  appraisal: StoredAppraisal,
  found: PolicyContext,
  text: string | undefined,
): Promise<readonly ReverifiedStep[]> {
  const { policy_version: version, resource } = row
  const expected = answerOf(row)
  if (expected === undefined || text === undefined || version === null || resource === null) return []
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

/**
 * What the policy saw: what was found of the evidence, the time of the decision, and the advisories of the operator then. The
 * end of a lease rests on a later look at the platform, whose endorsements are not kept: its context is taken as recorded.
 */
function contextOf(row: DecisionRow, found: PolicyContext): PolicyContext {
  const { kind, at } = row
  const recorded = detailsOf(row)['context']
  const now = new Date(at).toISOString()
  if (!isContext(recorded)) return { ...found, now }
  if (kind === 'revoke') return recorded
  const advisories = [...new Set([...found.tcb.advisories, ...recorded.tcb.advisories])]
  return { ...found, now, tcb: { ...found.tcb, advisories } }
}
