import type { PolicyContext } from '../model.ts'
import { type CompiledPolicies, compilePolicies } from '../policy/compile.ts'
import type { PolicyDecision, PolicyReason } from '../policy/decide.ts'

/** A decision that was made, with everything that policies saw. */
export interface RecordedAppraisal {
  readonly id: string
  /** ISO 8601 in UTC. */
  readonly at: string
  readonly action: 'release' | 'renew'
  readonly namespace: string
  readonly resource: string
  readonly workload: string
  readonly context: PolicyContext
  readonly permitted: boolean
}

/** A recorded decision that the candidate would have made otherwise. */
export interface ChangedDecision {
  readonly id: string
  readonly at: string
  readonly action: 'release' | 'renew'
  readonly resource: string
  readonly workload: string
  /** True where no hardware vendor vouches for the evidence. */
  readonly emulated: boolean
  readonly reasons: readonly PolicyReason[]
  readonly errors: readonly string[]
}

/** What a candidate policy would have done. */
export interface DryRunReport {
  readonly total: number
  /** How many the candidate permits. */
  readonly permitted: number
  /** Permitted then, refused now. */
  readonly refused: readonly ChangedDecision[]
  /** Refused then, permitted now. */
  readonly newlyPermitted: readonly ChangedDecision[]
  /** `would have refused 3 of 1204, and permitted 1 that was refused`. */
  readonly summary: string
}

/**
 * Decides recorded requests again, each at its own time, by a candidate policy.
 *
 * @throws PolicyError when the candidate cannot be used
 */
export async function dryRun(text: string, recorded: readonly RecordedAppraisal[]): Promise<DryRunReport> {
  const policies = await compilePolicies(text)
  const decided = recorded.map((one) => ({ one, decision: decideAgain(policies, one) }))
  const refused = decided.filter(({ one, decision }) => one.permitted && !decision.permitted).map(changed)
  const newlyPermitted = decided.filter(({ one, decision }) => !one.permitted && decision.permitted).map(changed)
  return {
    total: recorded.length,
    permitted: decided.filter(({ decision }) => decision.permitted).length,
    refused,
    newlyPermitted,
    summary: summaryOf(recorded.length, refused.length, newlyPermitted.length),
  }
}

function decideAgain(policies: CompiledPolicies, recorded: RecordedAppraisal): PolicyDecision {
  const { action, namespace, resource, workload, context, at } = recorded
  return policies.decide({ action, namespace, resource, workload, context: { ...context, now: at } })
}

function changed({
  one,
  decision,
}: {
  readonly one: RecordedAppraisal
  readonly decision: PolicyDecision
}): ChangedDecision {
  const { id, at, action, resource, workload, context } = one
  const { emulated } = context
  return { id, at, action, resource, workload, emulated, reasons: decision.reasons, errors: decision.errors }
}

function summaryOf(total: number, refused: number, permitted: number): string {
  const first = `would have refused ${refused} of ${total}`
  return permitted === 0
    ? first
    : `${first}, and permitted ${permitted} that ${permitted === 1 ? 'was' : 'were'} refused`
}
