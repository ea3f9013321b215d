import type { Explained } from '@sekisho/broker'

/** What lists and streams tell of a decision. */
export interface DecisionSummary {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly kind: string
  readonly outcome: string
  readonly emulated: boolean
  readonly reasons: string[]
  readonly remedies: { action: string; by: string }[]
  readonly resource?: string
  readonly reasonCode?: string
  readonly appraisal?: string
  readonly policyVersion?: number
  readonly leafIndex?: number
  /** Who did it, for administrative acts. */
  readonly actor?: string
  readonly tee?: string
  readonly product?: string
  /** Launch measurement, lower-case hex. */
  readonly workload?: string
}

/** The summary of a decision: its own members, and of what the policy saw who asked. */
export function summaryOf(one: Explained): DecisionSummary {
  const { context, body } = one
  const seen = isRecord(context) ? context : {}
  return {
    id: one.id,
    at: one.at.toISOString(),
    kind: one.kind,
    outcome: one.outcome,
    emulated: seen['emulated'] === true || body['emulated'] === true,
    reasons: [...one.reasons],
    remedies: one.remedies.map(({ action, by }) => ({ action, by })),
    ...(one.resource === undefined ? {} : { resource: one.resource }),
    ...(one.reasonCode === undefined ? {} : { reasonCode: one.reasonCode }),
    ...(one.appraisal === undefined ? {} : { appraisal: one.appraisal }),
    ...(one.policyVersion === undefined ? {} : { policyVersion: one.policyVersion }),
    ...(one.leafIndex === undefined ? {} : { leafIndex: one.leafIndex }),
    ...text('actor', body['actor']),
    ...text('tee', seen['tee'] ?? body['tee']),
    ...text('product', seen['product']),
    ...text('workload', seen['measurement']),
  }
}

function text<K extends string>(name: K, value: unknown): { readonly [N in K]?: string } {
  // The record that is made here has the one member that its type names.
  return typeof value === 'string' && value !== '' ? ({ [name]: value } as { readonly [N in K]: string }) : {}
}

/** Whether a value is an object with members. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
