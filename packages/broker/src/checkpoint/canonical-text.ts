import { canonicalJson } from '@sekisho/evidence'

/** Names of members in canonical order, by the names as they came. */
const ORDERS: Map<string, readonly string[]> = new Map()
// Verdicts have a few hundred shapes; whatever brings more is not held.
const MAX_ORDERS = 4096

/**
 * The same text as `canonicalJson`, for values that come in the same shapes again and again, as verdicts do: the order
 * of members is worked out once a shape, and the runtime writes the text.
 */
export function canonicalText(value: unknown): string {
  const sorted = inOrder(value)
  return sorted === UNORDERED ? canonicalJson(value) : JSON.stringify(sorted)
}

/** Objects with members such as `0` or `10` cannot be put in order: engines list these first, by number. */
const UNORDERED: unique symbol = Symbol('unordered')

function inOrder(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return UNORDERED
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return listInOrder(value)
  const order = orderOf(value)
  if (order === undefined) return UNORDERED
  const members: Record<string, unknown> = {}
  for (const name of order) {
    const member = inOrder((value as Readonly<Record<string, unknown>>)[name])
    if (member === UNORDERED) return UNORDERED
    members[name] = member
  }
  return members
}

function listInOrder(list: readonly unknown[]): unknown {
  const sorted: unknown[] = []
  for (const one of list) {
    const member = inOrder(one)
    if (member === UNORDERED) return UNORDERED
    sorted.push(member)
  }
  return sorted
}

function orderOf(value: object): readonly string[] | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype) return undefined
  const names = Object.keys(value)
  // Names with line breaks are not held, so that a list of another length is another shape.
  const shape = names.join('\n')
  const known = ORDERS.get(shape)
  if (known?.length === names.length) return known
  if (names.some((name) => /^\d+$/.test(name) || name === '__proto__')) return undefined
  const order = names.sort()
  if (ORDERS.size < MAX_ORDERS && !names.some((name) => name.includes('\n'))) ORDERS.set(shape, order)
  return order
}
