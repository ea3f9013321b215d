import type { Expr, PolicyJson } from '../cedar/cedar.ts'
import { conditionsOf, plainText } from '../policy/expressions.ts'
import { guardOf } from '../policy/guards.ts'
import type { Statement } from '../policy/parse.ts'
import { type Supposed, type Supposition, truthOf } from './truth.ts'

/** A statement with what comparing it with others needs. */
export interface Reading {
  readonly statement: Statement
  /** In the order of evaluation; all must hold. */
  readonly conditions: readonly Expr[]
  /** The conditions as text, for comparing. */
  readonly texts: readonly string[]
  readonly known: ReadonlySet<string>
  /** Claims that its conditions fix to one value. */
  readonly implied: Supposition
}

/** Reads a statement once, for many comparisons. */
export function readingOf(statement: Statement): Reading {
  const conditions = conditionsOf(statement.json)
  const texts = conditions.map(plainText)
  return { statement, conditions, texts, known: new Set(texts), implied: impliedBy(conditions) }
}

/** Whether `wide` applies to every request that `narrow` applies to. False when that cannot be told. */
export function covers(wide: Reading, narrow: Reading): boolean {
  if (!coversScope(wide.statement.json, narrow.statement.json)) return false
  return wide.conditions.every(
    (condition, i) => narrow.known.has(wide.texts[i] ?? '') || truthOf(condition, narrow.implied) === true,
  )
}

function impliedBy(conditions: readonly Expr[]): Supposition {
  const implied = new Map<string, Supposed>()
  for (const condition of conditions) {
    const guard = guardOf(condition)
    const [value] = guard?.values ?? []
    if (guard?.values.size === 1 && value !== undefined && !implied.has(guard.path)) implied.set(guard.path, value)
  }
  return implied
}

/** Whether the scope of one statement contains that of another. */
export function coversScope(wide: PolicyJson, narrow: PolicyJson): boolean {
  return (
    coversAction(wide.action, narrow.action) &&
    (wide.principal.op === 'All' || wide.principal.op === 'is' || isSame(wide.principal, narrow.principal)) &&
    coversResource(wide.resource, narrow.resource)
  )
}

function coversAction(wide: PolicyJson['action'], narrow: PolicyJson['action']): boolean {
  if (wide.op === 'All') return true
  const [all, some] = [actionsOf(wide), actionsOf(narrow)]
  return some.length > 0 && some.every((one) => all.includes(one))
}

const ACTIONS: readonly string[] = ['release', 'renew']

function actionsOf(action: PolicyJson['action']): readonly string[] {
  if (action.op === 'All') return ACTIONS
  const text = plainText(action)
  return ACTIONS.filter((name) => text.includes(`"${name}"`))
}

function coversResource(wide: PolicyJson['resource'], narrow: PolicyJson['resource']): boolean {
  if (wide.op === 'All' || isSame(wide, narrow)) return true
  if (wide.op === 'is') return !('in' in wide)
  const [outer, inner] = [nameOf(wide), nameOf(narrow)]
  return wide.op === 'in' && outer !== undefined && inner?.startsWith(`${outer}/`) === true
}

function nameOf(constraint: object): string | undefined {
  const entity = 'entity' in constraint ? constraint.entity : undefined
  if (typeof entity !== 'object' || entity === null || !('id' in entity)) return undefined
  return typeof entity.id === 'string' ? entity.id : undefined
}

function isSame(a: object, b: object): boolean {
  return plainText(a) === plainText(b)
}
