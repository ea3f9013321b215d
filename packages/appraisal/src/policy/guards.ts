import type { Expr, PolicyJson } from '../cedar/cedar.ts'
import { argOf, conditionsOf, literalOf, nodeOf, pathOf, sidesOf, textsOf, walk } from './expressions.ts'

/** A claim that must have one of some values for a statement to apply. */
export interface Guard {
  readonly path: string
  readonly values: ReadonlySet<string | boolean>
}

/**
 * Claims that a statement cannot apply without. A validated statement can fail to evaluate only by
 * overflow of an arithmetic operation: where it has none, a guard that does not hold proves that the
 * statement does not apply, and it need not be evaluated.
 */
export function guardsOf(policy: PolicyJson): readonly Guard[] {
  const conditions = conditionsOf(policy)
  if (policy.conditions.some(({ body }) => canFail(body))) return []
  return conditions.flatMap((condition) => guardOf(condition) ?? [])
}

function canFail(expr: Expr): boolean {
  let found = false
  walk(expr, (node) => {
    const [name] = nodeOf(node)
    if (['+', '-', '*', 'neg'].includes(name) || !KNOWN.has(name)) found = true
    return !found
  })
  return found
}

/** Operations that cannot fail in a validated statement; `datetime` is among them, for its literals are validated. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['Value', 'Var', '!', '==', '!=', 'in', '<', '<=', '>', '>=', '&&', '||', 'contains', 'containsAll'],
  ...['containsAny', 'isEmpty', '.', 'has', 'like', 'is', 'if-then-else', 'Set', 'Record', 'datetime'],
])

/** The guard that a condition is; undefined for other conditions. Only claims that are texts or truth values. */
export function guardOf(condition: Expr): Guard | undefined {
  const path = pathOf(condition)
  if (path !== undefined) return path === '' ? undefined : { path, values: new Set([true]) }
  const denied = argOf(condition, '!')
  const deniedPath = denied === undefined ? undefined : pathOf(denied)
  if (deniedPath !== undefined) return deniedPath === '' ? undefined : { path: deniedPath, values: new Set([false]) }
  return equalityOf(condition) ?? membershipOf(condition)
}

function equalityOf(condition: Expr): Guard | undefined {
  const sides = sidesOf(condition, '==')
  if (sides === undefined) return undefined
  const [left, right] = sides
  const path = pathOf(left) ?? pathOf(right)
  const value = literalOf(left) ?? literalOf(right)
  if (path === undefined || path === '' || value === undefined || typeof value === 'number') return undefined
  return { path, values: new Set([value]) }
}

function membershipOf(condition: Expr): Guard | undefined {
  const sides = sidesOf(condition, 'contains')
  if (sides === undefined) return undefined
  const [left, right] = sides
  const path = pathOf(right)
  const values = textsOf(left)
  return path === undefined || path === '' || values === undefined ? undefined : { path, values: new Set(values) }
}
