import type { PolicyContext, PolicyDecision } from '@sekisho/appraisal'
import type { Advisory } from './admin-model.ts'
import { meetsFloor, type RefusalCode } from './refusal.ts'
import type { Rules, StoredAppraisal } from './state.ts'

/** Whether a policy permits something, with what it was asked and why. */
export interface PolicyAnswer {
  readonly permitted: boolean
  readonly code?: RefusalCode
  readonly context: PolicyContext
  readonly decision?: PolicyDecision
}

/** What a policy is asked. */
export interface PolicyQuestion {
  readonly action: 'release' | 'renew'
  readonly resource: string
  readonly at: Date
}

/** Whether an advisory concerns a platform: its vendor, product and components. */
export function concerns(advisory: Advisory, context: PolicyContext): boolean {
  const { vendor, products, tcb } = advisory
  if (vendor !== context.vendor) return false
  // A platform that does not tell its product may be any of them.
  const product = context.product?.toLowerCase()
  if (products !== undefined && product !== undefined && !products.some((one) => one.toLowerCase() === product))
    return false
  if (tcb === undefined) return true
  return Object.entries(tcb).some(([part, level]) => (context.tcb.components[part] ?? -1) < level)
}

/** The context as it is now: with the operator's advisories, and the time. */
export function contextNow(context: PolicyContext, advisories: readonly Advisory[], at: Date): PolicyContext {
  const ours = advisories.filter((one) => concerns(one, context)).map(({ id }) => id)
  const all = [...new Set([...context.tcb.advisories, ...ours])]
  return { ...context, now: at.toISOString(), tcb: { ...context.tcb, advisories: all } }
}

/**
 * Decides on an appraisal: first the floor, that no policy can lower (verified, authentic), then the policy.
 */
export function decide(
  appraisal: Pick<StoredAppraisal, 'outcome' | 'authenticity' | 'emulated' | 'namespace' | 'context' | 'id'>,
  rules: Rules,
  question: PolicyQuestion,
  o: { readonly allowEmulated: boolean },
): PolicyAnswer {
  const context = contextNow(appraisal.context, rules.advisories, question.at)
  if (!meetsFloor(appraisal)) return { permitted: false, code: 'evidence-rejected', context }
  if (appraisal.emulated && !o.allowEmulated) return { permitted: false, code: 'evidence-emulated', context }
  if (rules.policy === undefined) return { permitted: false, code: 'policy-missing', context }
  const { action, resource } = question
  const decision = rules.policy.compiled.decide({
    action,
    resource,
    namespace: appraisal.namespace,
    workload: context.measurement === '' ? appraisal.id : context.measurement,
    context,
  })
  return decision.permitted
    ? { permitted: true, context, decision }
    : { permitted: false, code: 'policy-deny', context, decision }
}

/** Why a policy refused, in plain sentences. */
export function policyReasons({ code, decision, context }: PolicyAnswer): readonly string[] {
  if (code === 'policy-missing') return ['the namespace has no policy, so that nothing is permitted']
  if (code === 'evidence-emulated') return ['EMULATED: no hardware vouches for this evidence']
  if (code === 'evidence-rejected') return [`the verdict is ${context.verdict.outcome}, and no policy can lift that`]
  if (decision === undefined) return []
  const forbidding = decision.reasons.filter(({ effect }) => effect === 'forbid')
  return [
    ...forbidding.map(({ id, line }) => `line ${line} of the policy (${id}) forbids it`),
    ...(decision.permitted || forbidding.length > 0 ? [] : ['no statement of the policy permits it']),
    ...decision.errors,
  ]
}
