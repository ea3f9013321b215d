import type { Verdict } from '@sekisho/evidence'
import { isRecord, type JsonRecord } from '../../engine/json.ts'
import { idsOf, sentencesOf } from '../../text/use-sentences.ts'

/** What the list tells of a decision: `GET /namespaces/NS/decisions`. */
export interface Decision {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly kind: string
  readonly outcome: string
  readonly emulated: boolean
  readonly reasons: readonly string[]
  readonly remedies: readonly { readonly action: string; readonly by: string }[]
  readonly resource?: string
  readonly reasonCode?: string
  readonly policyVersion?: number
  readonly leafIndex?: number
  readonly actor?: string
  readonly tee?: string
  readonly product?: string
  /** Launch measurement, lower-case hex. */
  readonly workload?: string
}

/** One decision with everything that its owner may know. */
export interface Explained extends Decision {
  /** What was recorded with it. */
  readonly details: JsonRecord
  readonly verdict?: unknown
  /** What the policy saw. */
  readonly context?: JsonRecord
}

/** What verifying a decision again gave: `POST /namespaces/NS/decisions/ID/reverify`. */
export interface Reverified {
  readonly result: 'confirmed' | 'differs' | 'incomplete'
  /** ISO 8601, UTC. */
  readonly judgedAt?: string
  readonly steps: readonly {
    readonly step: 'log' | 'evidence' | 'collateral' | 'verdict' | 'expectations' | 'policy'
    readonly outcome: 'same' | 'differs' | 'unknown'
    readonly detail: string
  }[]
}

/** Refusals by reason: `GET /namespaces/NS/decisions/refusals`. */
export interface Refusals {
  readonly groups: readonly {
    readonly reason: string
    readonly count: number
    readonly latest: string
    readonly latestAt: string
  }[]
  readonly counted: number
  readonly more: boolean
}

/** What the list can be narrowed by, as the API and the address of the page name it. */
export const FILTERS = ['outcome', 'kind', 'tee', 'reason', 'resource', 'workload'] as const

/** One of {@link FILTERS}. */
export type FilterName = (typeof FILTERS)[number]

/** What the list is narrowed to. */
export type Filter = { readonly [K in FilterName]?: string }

/** Outcomes of decisions. */
export const OUTCOMES = ['released', 'refused', 'renewed', 'revoked', 'attested', 'changed'] as const

/** What was decided on. */
export const KINDS = ['attest', 'release', 'renew', 'revoke', 'admin'] as const

const FORMS: Readonly<Record<FilterName, RegExp>> = {
  outcome: /^(released|refused|renewed|revoked|attested|changed)$/,
  kind: /^(attest|release|renew|revoke|admin)$/,
  tee: /^[a-z0-9-]{1,32}$/,
  reason: /^[a-z0-9-]{1,64}$/,
  resource: /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}(\/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}){2}$/,
  workload: /^[0-9a-f]{1,128}$/,
}

/** Whether a text can be what a list is narrowed by; the server refuses others. */
export function isFilter(name: FilterName, value: string): boolean {
  return FORMS[name].test(value)
}

/** The filter that an address names; what cannot be one is passed over. */
export function filterOf(query: URLSearchParams): Filter {
  const found: { [K in FilterName]?: string } = {}
  for (const name of FILTERS) {
    const value = query.get(name)
    if (value !== null && isFilter(name, value)) found[name] = value
  }
  return found
}

/** The filter as the address and the API have it, always in the same order. */
export function queryOf(filter: Filter): string {
  const query = new URLSearchParams()
  for (const name of FILTERS) {
    const value = filter[name]
    if (value !== undefined) query.set(name, value)
  }
  return query.toString()
}

/** Whether a decision that was just made belongs to the list. */
export function matches(filter: Filter, decision: Decision): boolean {
  const is = (wanted: string | undefined, value: string | undefined): boolean =>
    wanted === undefined || wanted === value
  return (
    is(filter.outcome, decision.outcome) &&
    is(filter.kind, decision.kind) &&
    is(filter.tee, decision.tee) &&
    is(filter.reason, decision.reasonCode) &&
    is(filter.resource, decision.resource) &&
    (filter.workload === undefined || decision.workload?.startsWith(filter.workload) === true)
  )
}

/** The decision that an event of the stream tells of; undefined for any other event. */
export function decisionIn(event: { readonly [member: string]: unknown }): Decision | undefined {
  const { decision } = event
  if (!isRecord(decision)) return undefined
  const { id, at, kind, outcome, reasons } = decision
  const texts = [id, at, kind, outcome].every((one) => typeof one === 'string')
  // The server made it, of one summary with the list's.
  return texts && Array.isArray(reasons) ? (decision as object as Decision) : undefined
}

/** A recorded verdict, as far as showing it needs; undefined for one of another version than this page shows. */
export function verdictIn(value: unknown): Verdict | undefined {
  if (!isRecord(value)) return undefined
  const { schema, outcome, claims, evidence, checks, assumed, notes, anchors, collateral } = value
  const lists = [checks, assumed, notes, anchors, collateral].every(Array.isArray)
  const whole = schema === 'urn:sekisho:verdict:v1' && typeof outcome === 'string' && isRecord(claims)
  return whole && lists && isRecord(evidence) ? (value as object as Verdict) : undefined
}

/** Ids by which the sentences of a decision are known: reasons begin with the check that they are of. */
export function idsOfDecision({ reasons, verdict }: Explained): readonly string[] {
  const known = verdictIn(verdict)
  return ['checkpoint', ...reasons, ...(known === undefined ? [] : idsOf(known))]
}

/** Sentences that the page of a decision shows. */
export function sentencesOfDecision({ reasons, remedies, verdict }: Explained): readonly string[] {
  const known = verdictIn(verdict)
  return [...reasons, ...remedies.map(({ action }) => action), ...(known === undefined ? [] : sentencesOf(known))]
}

/** The command that lists the same. */
export function listCommand(namespace: string, filter: Filter): string {
  const options = FILTERS.flatMap((name) => (filter[name] === undefined ? [] : [`--${name} ${filter[name]}`]))
  return ['sekisho decision list', ...options, ...namespaceOption(namespace)].join(' ')
}

/** How commands name a namespace that is not the default one. */
export function namespaceOption(namespace: string): readonly string[] {
  return namespace === 'default' ? [] : [`--namespace ${namespace}`]
}
