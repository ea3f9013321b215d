import type { PolicyContext } from '../model.ts'
import { type CompiledPolicies, compilePolicies } from '../policy/compile.ts'
import type { PolicyDecision, PolicyReason } from '../policy/decide.ts'

/** One test of policies: a request, and what should come of it. */
export interface PolicyCase {
  readonly name: string
  readonly action?: 'release' | 'renew'
  readonly namespace?: string
  readonly resource: string
  readonly workload?: string
  readonly context: PolicyContext
  readonly permitted: boolean
  /** Ids of statements that must be among the reasons. */
  readonly by?: readonly string[]
  /** Why its evidence would be refused whatever policies say. */
  readonly faults?: readonly string[]
}

/** What came of one test. */
export interface PolicyCaseResult {
  readonly name: string
  readonly passed: boolean
  readonly decision: PolicyDecision
  /** What was expected instead; absent when it passed. */
  readonly expected?: string
  /** Of one that was refused and should not have been: why, in plain sentences. */
  readonly why?: readonly string[]
}

/** What came of all tests, and what they left untried. */
export interface PolicyTestReport {
  readonly passed: boolean
  readonly cases: readonly PolicyCaseResult[]
  /** Statements that decided in no case. */
  readonly unexercised: readonly PolicyReason[]
  readonly statements: number
}

/**
 * Runs tests of policies. A statement counts as exercised when it was a reason in some case: a `permit`
 * that a `forbid` overruled was not.
 *
 * @throws PolicyError when the policies cannot be used
 */
export async function testPolicies(text: string, cases: readonly PolicyCase[]): Promise<PolicyTestReport> {
  const policies = await compilePolicies(text)
  const results = cases.map((one) => runCase(policies, one))
  const decided = new Set(results.flatMap(({ decision }) => decision.reasons.map(({ id }) => id)))
  return {
    passed: results.every(({ passed }) => passed),
    cases: results,
    unexercised: policies.statements.filter(({ id }) => !decided.has(id)),
    statements: policies.statements.length,
  }
}

function runCase(policies: CompiledPolicies, one: PolicyCase): PolicyCaseResult {
  const { name, action = 'release', namespace = 'default', resource, workload = 'workload', context } = one
  const decision = policies.decide({ action, namespace, resource, workload, context })
  const missing = (one.by ?? []).filter((id) => !decision.reasons.some((reason) => reason.id === id))
  if (decision.permitted && !one.permitted) return { name, passed: false, decision, expected: 'refused' }
  if (one.permitted && !decision.permitted) {
    const near = policies.explain({ action, namespace, resource, workload, context })
    const why = [
      ...(one.faults ?? []),
      ...decision.errors,
      ...decision.reasons.map(({ id, effect, line }) => `line ${line} (${id}): this ${effect} applies`),
      ...near.map(({ id, line, unmet }) => `line ${line} (${id}) would permit it if this held: ${unmet}`),
    ]
    return { name, passed: false, decision, expected: 'permitted', why: why.length === 0 ? [NOTHING_ABOUT_IT] : why }
  }
  if (missing.length > 0) return { name, passed: false, decision, expected: `decided by ${missing.join(', ')}` }
  return { name, passed: true, decision }
}

const NOTHING_ABOUT_IT = 'no permit is about this action and resource'
