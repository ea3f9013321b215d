import type { Expr } from '../cedar/cedar.ts'
import {
  argOf,
  askedPath,
  conjunctsOf,
  disjunctsOf,
  literalOf,
  nodeOf,
  operandsOf,
  pathOf,
  plainText,
  sidesOf,
  textsOf,
  timeOf,
} from '../policy/expressions.ts'

/** A value that no policy names, and a claim that the evidence lacks. */
export const OTHER: unique symbol = Symbol('other')
export const ABSENT: unique symbol = Symbol('absent')

/** What is supposed of one claim. */
export type Supposed = string | number | boolean | readonly string[] | typeof OTHER | typeof ABSENT

/** What is supposed of claims, by path; all others may be anything. */
export type Supposition = ReadonlyMap<string, Supposed>

/** What an expression comes to: a value, or undefined where that depends on more than is supposed. */
type Value = Supposed | undefined

/**
 * Whether a condition holds for all requests of which a supposition is true (`true`), for none of them
 * (`false`), or for some or who knows (`undefined`).
 */
export function truthOf(expr: Expr, suppose: Supposition): boolean | undefined {
  const value = valueOf(expr, suppose)
  return typeof value === 'boolean' ? value : undefined
}

/** Whether all of some conditions hold. */
export function truthOfAll(conditions: readonly Expr[], suppose: Supposition): boolean | undefined {
  const truths = conditions.map((condition) => truthOf(condition, suppose))
  if (truths.includes(false)) return false
  return truths.every((truth) => truth === true) ? true : undefined
}

function valueOf(expr: Expr, suppose: Supposition): Value {
  const path = pathOf(expr)
  if (path !== undefined) {
    const value = suppose.get(path)
    return value === ABSENT ? undefined : value
  }
  const asked = askedPath(expr)
  if (asked !== undefined) return presence(asked, suppose)
  const [operation] = nodeOf(expr)
  return OPERATIONS[operation]?.(expr, suppose)
}

function presence(path: string, suppose: Supposition): boolean | undefined {
  const value = suppose.get(path)
  return value === undefined ? undefined : value !== ABSENT
}

type Operation = (expr: Expr, suppose: Supposition) => Value

const OPERATIONS: Readonly<Record<string, Operation>> = {
  Value: (expr) => literalOf(expr) ?? textsOf(expr),
  Set: (expr) => textsOf(expr),
  datetime: timeOf,
  '!': (expr, suppose) => {
    const arg = argOf(expr, '!')
    return not(arg === undefined ? undefined : truthOf(arg, suppose))
  },
  '&&': (expr, suppose) => (areOpposites(conjunctsOf(expr)) ? false : truthOfAll(operandsOf(expr), suppose)),
  '||': (expr, suppose) => {
    const truths = operandsOf(expr).map((one) => truthOf(one, suppose))
    if (truths.includes(true) || areOpposites(disjunctsOf(expr))) return true
    return truths.every((truth) => truth === false) ? false : undefined
  },
  'if-then-else': ifThenElse,
  '==': (expr, suppose) => equality(expr, '==', suppose),
  '!=': (expr, suppose) => not(equality(expr, '!=', suppose)),
  '<': (expr, suppose) => order(expr, '<', suppose, (a, b) => a < b),
  '<=': (expr, suppose) => order(expr, '<=', suppose, (a, b) => a <= b),
  '>': (expr, suppose) => order(expr, '>', suppose, (a, b) => a > b),
  '>=': (expr, suppose) => order(expr, '>=', suppose, (a, b) => a >= b),
  contains: (expr, suppose) => membership(expr, 'contains', suppose, (set, value) => set.includes(value)),
  containsAny: (expr, suppose) => sets(expr, 'containsAny', suppose, (a, b) => b.some((one) => a.includes(one))),
  containsAll: (expr, suppose) => sets(expr, 'containsAll', suppose, (a, b) => b.every((one) => a.includes(one))),
  isEmpty: (expr, suppose) => {
    const arg = argOf(expr, 'isEmpty')
    const set = arg === undefined ? undefined : valueOf(arg, suppose)
    return isTexts(set) ? set.length === 0 : undefined
  },
  like: likeOf,
}

function not(truth: Value): boolean | undefined {
  return typeof truth === 'boolean' ? !truth : undefined
}

/** Whether one of some conditions is the denial of another: together they never hold, and one of them always does. */
export function areOpposites(conditions: readonly Expr[]): boolean {
  const [plain, denied] = [new Set<string>(), new Set<string>()]
  for (const condition of conditions) {
    const { text, isDenied } = undenied(condition)
    ;(isDenied ? denied : plain).add(text)
  }
  return [...denied].some((one) => plain.has(one))
}

/** A condition without what denies it, as text for comparing. */
function undenied(condition: Expr): { readonly text: string; readonly isDenied: boolean } {
  const arg = argOf(condition, '!')
  if (arg !== undefined) {
    const { text, isDenied } = undenied(arg)
    return { text, isDenied: !isDenied }
  }
  const unequal = nodeOf(condition)
  return unequal[0] === '!='
    ? { text: plainText({ '==': unequal[1] }), isDenied: true }
    : { text: plainText(condition), isDenied: false }
}

function ifThenElse(expr: Expr, suppose: Supposition): Value {
  const [condition, then, otherwise] = operandsOf(expr)
  if (condition === undefined || then === undefined || otherwise === undefined) return undefined
  const truth = truthOf(condition, suppose)
  const a: Value = valueOf(then, suppose)
  const b: Value = valueOf(otherwise, suppose)
  if (truth !== undefined) return truth ? a : b
  return a === b && typeof a === 'boolean' ? a : undefined
}

function bothOf(expr: Expr, operation: string, suppose: Supposition): readonly [Value, Value] {
  const sides = sidesOf(expr, operation)
  return sides === undefined ? [undefined, undefined] : [valueOf(sides[0], suppose), valueOf(sides[1], suppose)]
}

function equality(expr: Expr, operation: string, suppose: Supposition): boolean | undefined {
  const [a, b] = bothOf(expr, operation, suppose)
  if (a === undefined || b === undefined) return undefined
  if (a === OTHER || b === OTHER) return a === b ? undefined : false
  if (isTexts(a) || isTexts(b)) return undefined
  return a === b
}

function order(
  expr: Expr,
  operation: string,
  suppose: Supposition,
  holds: (a: number, b: number) => boolean,
): boolean | undefined {
  const [a, b] = bothOf(expr, operation, suppose)
  return typeof a === 'number' && typeof b === 'number' ? holds(a, b) : undefined
}

function membership(
  expr: Expr,
  operation: string,
  suppose: Supposition,
  holds: (set: readonly string[], value: string) => boolean,
): boolean | undefined {
  const [set, value] = bothOf(expr, operation, suppose)
  if (!isTexts(set)) return undefined
  if (set.length === 0 || value === OTHER) return false
  return typeof value === 'string' ? holds(set, value) : undefined
}

function sets(
  expr: Expr,
  operation: string,
  suppose: Supposition,
  holds: (a: readonly string[], b: readonly string[]) => boolean,
): boolean | undefined {
  const [a, b] = bothOf(expr, operation, suppose)
  return isTexts(a) && isTexts(b) ? holds(a, b) : undefined
}

// A text that nobody thought of begins and ends like no pattern.
function likeOf(expr: Expr, suppose: Supposition): boolean | undefined {
  const [, body] = nodeOf(expr)
  if (typeof body !== 'object' || body === null) return undefined
  const { pattern }: { readonly pattern?: unknown } = body
  const [left] = operandsOf(expr)
  if (left === undefined || !Array.isArray(pattern)) return undefined
  if (pattern.length > 0 && pattern.every((one) => one === 'Wildcard')) return true
  return valueOf(left, suppose) === OTHER ? false : undefined
}

function isTexts(value: Value): value is readonly string[] {
  return Array.isArray(value)
}
