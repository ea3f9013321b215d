import type { Cedar, Expr, PolicyJson } from '../cedar/cedar.ts'
import { projectionOf } from '../claims/project.ts'
import { type PolicyRequest, secretEntity } from './decide.ts'
import { conditionsOf } from './expressions.ts'
import type { Statement } from './parse.ts'
import { preparedName } from './prepared.ts'
import { appliesTo } from './scope.ts'

/** A `permit` that is about the request and did not apply. */
export interface UnmetPermit {
  readonly id: string
  readonly line: number
  /** The first condition that does not hold, in Cedar. */
  readonly unmet: string
}

const MOST_EXPLAINED = 3
const MOST_LOOKED_AT = 32

/**
 * Why no `permit` applies to a request: of those that are about it, the ones that came furthest, with the first
 * condition that does not hold. For the owner of a refusal; it costs a decision for each condition.
 */
export function unmetPermits(
  cedar: Cedar,
  statements: readonly Statement[],
  request: PolicyRequest,
): readonly UnmetPermit[] {
  const context = { ...request.context, namespace: request.namespace, resource: request.resource }
  const about = statements.filter(({ effect, json }) => effect === 'permit' && appliesTo(json, request))
  return about
    .slice(0, MOST_LOOKED_AT)
    .flatMap((statement) => firstUnmet(cedar, statement, { ...request, context }))
    .sort((a, b) => b.met - a.met)
    .slice(0, MOST_EXPLAINED)
    .map(({ id, line, unmet }) => ({ id, line, unmet }))
}

interface Furthest extends UnmetPermit {
  /** Conditions that hold before the first that does not. */
  readonly met: number
}

// A condition may be safe only behind the one before it (`context has x && context.x == …`): they are tried together.
function firstUnmet(cedar: Cedar, { id, line, json }: Statement, request: PolicyRequest): readonly Furthest[] {
  const conditions = conditionsOf(json)
  for (let met = 0; met < conditions.length; met++) {
    if (holds(cedar, conditions.slice(0, met + 1), request)) continue
    const unmet = conditionText(cedar, conditions[met] as Expr)
    return [{ id, line, unmet, met }]
  }
  return []
}

function holds(cedar: Cedar, conditions: readonly Expr[], request: PolicyRequest): boolean {
  const text = textOf(cedar, conditions)
  if (text === undefined) return false
  const answer = cedar.statefulIsAuthorized({
    principal: { type: 'Sekisho::Workload', id: request.workload },
    action: { type: 'Sekisho::Action', id: request.action },
    resource: { type: 'Sekisho::Secret', id: request.resource },
    context: projectionOf(new Set(['*']))(request.context),
    preparsedPolicySetId: preparedName(cedar, { texts: { '0': text } }),
    entities: [secretEntity(request.resource)],
  })
  return answer.type === 'success' && answer.response.decision === 'allow'
}

function conditionText(cedar: Cedar, condition: Expr): string {
  const text = textOf(cedar, [condition]) ?? ''
  const inner = /when\s*\{([\s\S]*)\}\s*;?\s*$/.exec(text)?.[1] ?? text
  return inner.replace(/\s+/g, ' ').trim()
}

function textOf(cedar: Cedar, conditions: readonly Expr[]): string | undefined {
  const policy: PolicyJson = {
    effect: 'permit',
    principal: { op: 'All' },
    action: { op: 'All' },
    resource: { op: 'All' },
    conditions: conditions.map((body) => ({ kind: 'when', body })),
  }
  const answer = cedar.policyToText(policy)
  return answer.type === 'success' ? answer.text : undefined
}
