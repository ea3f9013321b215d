import type { Clause, Expr, PolicyJson } from '../cedar/cedar.ts'

// Cedar's JSON has one object a node whose only member names the operation (Cedar documentation,
// "JSON policy format"). These are the few ways in which this package takes nodes apart.

/** Operands of a node, in the order of evaluation. */
export function operandsOf(expr: Expr): readonly Expr[] {
  const [operation, body] = nodeOf(expr)
  if (Array.isArray(body)) return body.filter(isExpr)
  if (typeof body !== 'object' || body === null || operation === 'Value') return []
  const members: Readonly<Record<string, unknown>> = { ...body }
  const names = operation === 'Record' ? Object.keys(members) : ['arg', 'left', 'right', 'if', 'then', 'else', 'in']
  return names.map((name) => members[name]).filter(isExpr)
}

/** Name of a node's operation and what belongs to it. */
export function nodeOf(expr: Expr): readonly [operation: string, body: unknown] {
  return Object.entries(expr)[0] ?? ['', undefined]
}

function isExpr(value: unknown): value is Expr {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Calls `visit` for a node and everything below it, in the order of evaluation; not below where `visit` says false. */
export function walk(expr: Expr, visit: (node: Expr) => boolean): void {
  if (!visit(expr)) return
  for (const operand of operandsOf(expr)) walk(operand, visit)
}

/** Left and right of a node with that operation. */
export function sidesOf(expr: Expr, operation: string): readonly [left: Expr, right: Expr] | undefined {
  const [name, body] = nodeOf(expr)
  if (name !== operation || typeof body !== 'object' || body === null) return undefined
  const { left, right }: { readonly left?: unknown; readonly right?: unknown } = body
  return isExpr(left) && isExpr(right) ? [left, right] : undefined
}

/** The argument of a node with that operation. */
export function argOf(expr: Expr, operation: string): Expr | undefined {
  const [name, body] = nodeOf(expr)
  if (name !== operation || typeof body !== 'object' || body === null) return undefined
  const { arg }: { readonly arg?: unknown } = body
  return isExpr(arg) ? arg : undefined
}

/** A literal: text, number or truth value; undefined for everything else. */
export function literalOf(expr: Expr): string | number | boolean | undefined {
  const [name, value] = nodeOf(expr)
  return name === 'Value' && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    ? value
    : undefined
}

/** Texts of a set of text literals. */
export function textsOf(expr: Expr): readonly string[] | undefined {
  const [name, body] = nodeOf(expr)
  const members =
    name === 'Set' ? operandsOf(expr).map(literalOf) : name === 'Value' && Array.isArray(body) ? body : undefined
  return members?.every((one): one is string => typeof one === 'string') === true ? members : undefined
}

/** A path below `context`, with dots: `tcb.status`; the empty text for `context` itself; undefined for everything else. */
export function pathOf(expr: Expr): string | undefined {
  const [name, body] = nodeOf(expr)
  if (name === 'Var') return body === 'context' ? '' : undefined
  if (name !== '.' || typeof body !== 'object' || body === null) return undefined
  const { left, attr }: { readonly left?: unknown; readonly attr?: unknown } = body
  if (!isExpr(left) || typeof attr !== 'string') return undefined
  const base = pathOf(left)
  return base === undefined ? undefined : base === '' ? attr : `${base}.${attr}`
}

/** What a `has` asks for, as a path; undefined for other nodes. */
export function askedPath(expr: Expr): string | undefined {
  const [name, body] = nodeOf(expr)
  if (name !== 'has' || typeof body !== 'object' || body === null) return undefined
  const { left, attr }: { readonly left?: unknown; readonly attr?: unknown } = body
  const base = isExpr(left) ? pathOf(left) : undefined
  const rest = typeof attr === 'string' ? attr : Array.isArray(attr) ? attr.join('.') : undefined
  if (base === undefined || rest === undefined) return undefined
  return base === '' ? rest : `${base}.${rest}`
}

/** Milliseconds of a `datetime` literal; undefined for everything else. */
export function timeOf(expr: Expr): number | undefined {
  const [name, body] = nodeOf(expr)
  const [literal]: readonly unknown[] = name === 'datetime' && Array.isArray(body) ? body : []
  const text: unknown = typeof literal === 'object' && literal !== null ? Object.values(literal)[0] : undefined
  const at = typeof text === 'string' ? new Date(text).getTime() : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

/** Parts of a conjunction, in the order of evaluation. */
export function conjunctsOf(expr: Expr): readonly Expr[] {
  const sides = sidesOf(expr, '&&')
  return sides === undefined ? [expr] : sides.flatMap(conjunctsOf)
}

/** Parts of a disjunction, in the order of evaluation. */
export function disjunctsOf(expr: Expr): readonly Expr[] {
  const sides = sidesOf(expr, '||')
  return sides === undefined ? [expr] : sides.flatMap(disjunctsOf)
}

/** A node as text, for comparing: Cedar gives equal parts in equal order, and its numbers may be larger than JSON's. */
export function plainText(value: object): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one))
}

/** What must hold for a statement to apply, in the order of evaluation: `when` as it is, `unless` negated. */
export function conditionsOf({ conditions }: Pick<PolicyJson, 'conditions'>): readonly Expr[] {
  return conditions.flatMap((clause: Clause) =>
    clause.kind === 'when' ? conjunctsOf(clause.body) : [{ '!': { arg: clause.body } }],
  )
}
