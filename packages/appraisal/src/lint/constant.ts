import type { Expr } from '../cedar/cedar.ts'
import { literalOf, operandsOf, pathOf, sidesOf, timeOf, walk } from '../policy/expressions.ts'
import { guardOf } from '../policy/guards.ts'
import { areOpposites, type Supposition, truthOf } from './truth.ts'

const NOTHING: Supposition = new Map()

/** Whether conditions certainly never hold together, whatever is asked. */
export function excludeEachOther(conditions: readonly Expr[]): boolean {
  return areOpposites(conditions) || hasNoValueLeft(conditions) || hasNoNumberLeft(conditions)
}

// One of these, and one of those: of the same claim, with none in common.
function hasNoValueLeft(conditions: readonly Expr[]): boolean {
  const left = new Map<string, ReadonlySet<string | boolean>>()
  for (const condition of conditions) {
    const guard = guardOf(condition)
    if (guard === undefined) continue
    const before = left.get(guard.path) ?? guard.values
    const both = new Set([...guard.values].filter((value) => before.has(value)))
    if (both.size === 0) return true
    left.set(guard.path, both)
  }
  return false
}

interface Bounds {
  readonly least: number
  readonly most: number
}

function hasNoNumberLeft(conditions: readonly Expr[]): boolean {
  const left = new Map<string, Bounds>()
  for (const condition of conditions) {
    const bound = boundOf(condition)
    if (bound === undefined) continue
    const { least, most } = left.get(bound.path) ?? { least: -Infinity, most: Infinity }
    const both = { least: Math.max(least, bound.least), most: Math.min(most, bound.most) }
    if (both.least > both.most) return true
    left.set(bound.path, both)
  }
  return false
}

/** For whole numbers, and for times in milliseconds: what is less than 3 is 2 at most. */
const BOUNDS: Readonly<Record<string, (value: number) => Bounds>> = {
  '==': (value) => ({ least: value, most: value }),
  '<': (value) => ({ least: -Infinity, most: value - 1 }),
  '<=': (value) => ({ least: -Infinity, most: value }),
  '>': (value) => ({ least: value + 1, most: Infinity }),
  '>=': (value) => ({ least: value, most: Infinity }),
}
const TURNED: Readonly<Record<string, string>> = { '==': '==', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

function boundOf(condition: Expr): ({ readonly path: string } & Bounds) | undefined {
  for (const [operation, turned] of Object.entries(TURNED)) {
    const [left, right] = sidesOf(condition, operation) ?? []
    if (left === undefined || right === undefined) continue
    const [path, value, told] =
      pathOf(left) === undefined ? [pathOf(right), numberOf(left), turned] : [pathOf(left), numberOf(right), operation]
    const bounds = value === undefined ? undefined : BOUNDS[told]?.(value)
    return path === undefined || bounds === undefined ? undefined : { path, ...bounds }
  }
  return undefined
}

function numberOf(expr: Expr): number | undefined {
  const literal = literalOf(expr)
  if (literal !== undefined) return typeof literal === 'number' ? literal : undefined
  return timeOf(expr)
}

/** The first part of a condition that comes to the same whatever is asked, and to what. Bare `true` and `false` say so themselves. */
export function constantPart(conditions: readonly Expr[]): boolean | undefined {
  let found: boolean | undefined
  for (const condition of conditions)
    walk(condition, (node) => {
      if (found === undefined && operandsOf(node).length > 0) found = truthOf(node, NOTHING)
      return found === undefined
    })
  return found
}
