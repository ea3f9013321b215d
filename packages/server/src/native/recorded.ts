import type { PolicyContext, RecordedAppraisal } from '@sekisho/appraisal'
import type { Broker, Explained } from '@sekisho/broker'

/** The newest releases and renewals of a namespace that a policy was asked about, as a dry run wants them. */
export async function recordedDecisions(
  broker: Broker,
  namespace: string,
  limit: number,
): Promise<readonly RecordedAppraisal[]> {
  const decisions = await broker.decisions(namespace, { limit })
  return decisions.flatMap(recordedOf)
}

function recordedOf(one: Explained): readonly RecordedAppraisal[] {
  if ((one.kind !== 'release' && one.kind !== 'renew') || one.resource === undefined || !isContext(one.context))
    return []
  return [
    {
      id: one.id,
      at: one.at.toISOString(),
      action: one.kind,
      namespace: one.namespace,
      resource: one.resource,
      workload: one.context.measurement,
      context: one.context,
      permitted: one.outcome === 'released' || one.outcome === 'renewed',
    },
  ]
}

/** The broker recorded it itself; what is asked here is only whether there is one. */
function isContext(value: unknown): value is PolicyContext {
  return typeof value === 'object' && value !== null && 'measurement' in value
}
