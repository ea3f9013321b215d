import type { PolicyContext, RecordedAppraisal } from '@sekisho/appraisal'
import type { Broker, Explained } from '@sekisho/broker'

const PAGE = 1000

/**
 * The newest releases and renewals of a namespace that a policy was asked about, at most `limit`, as a dry run wants
 * them.
 */
export async function recordedDecisions(
  broker: Pick<Broker, 'decisions'>,
  namespace: string,
  limit: number,
): Promise<readonly RecordedAppraisal[]> {
  const recorded: RecordedAppraisal[] = []
  let after: string | undefined
  while (recorded.length < limit) {
    const page = await broker.decisions(namespace, { limit: PAGE, ...(after === undefined ? {} : { after }) })
    recorded.push(...page.flatMap(recordedOf))
    after = page.at(-1)?.id
    if (page.length < PAGE || after === undefined) break
  }
  return recorded.slice(0, limit)
}

function recordedOf(one: Explained): readonly RecordedAppraisal[] {
  if ((one.kind !== 'release' && one.kind !== 'renew') || one.resource === undefined || !isContext(one.context))
    return []
  // What was refused for another reason, whatever the policy said, no candidate would have permitted.
  if (one.outcome === 'refused' && !POLICY_ANSWERS.includes(one.reasonCode ?? '')) return []
  return [
    {
      id: one.id,
      at: one.at.toISOString(),
      action: one.kind,
      namespace: one.namespace,
      resource: one.resource,
      // As the broker names workloads that nobody measured.
      workload: one.context.measurement === '' ? (one.appraisal ?? '') : one.context.measurement,
      context: one.context,
      // `not-found` is told only to whom the policy permitted the resource.
      permitted: one.outcome === 'released' || one.outcome === 'renewed' || one.reasonCode === 'not-found',
    },
  ]
}

/** Reasons of refusals that a policy gave, or that came after its permission. */
const POLICY_ANSWERS: readonly string[] = ['policy-deny', 'policy-missing', 'not-found']

/** The broker recorded it itself; what is asked here is only whether there is one. */
function isContext(value: unknown): value is PolicyContext {
  return typeof value === 'object' && value !== null && 'measurement' in value
}
