import type { Comparison, JsonValue } from './case.ts'
import { entriesOf, isRecord } from './json.ts'

/** How one value is found, knowing what a case lists for it; undefined for none. */
export type Observer = (expected: JsonValue) => JsonValue | undefined | Promise<JsonValue | undefined>

/**
 * What was found, by the names of a case's `expect`: a value, how to find it, the members of a member by name, or that
 * it is compared elsewhere. A name that is not here is compared by nothing.
 */
export type Found = Readonly<Record<string, JsonValue | undefined | Observer | ByName | typeof ELSEWHERE>>

/** Stands for a member that the comparisons beside `expect` cover. */
export const ELSEWHERE: unique symbol = Symbol('compared elsewhere')

/** A member of `expect` whose own members are found by name. One for which nothing is found is compared by nothing. */
export class ByName {
  readonly find: (name: string, expected: JsonValue) => ReturnType<Observer> | typeof ELSEWHERE

  constructor(find: ByName['find']) {
    this.find = find
  }

  /** The members of a table. */
  static of(values: Readonly<Record<string, JsonValue | undefined | Observer>>): ByName {
    return new ByName((name, expected) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined
      return typeof value === 'function' ? value(expected) : value
    })
  }
}

/** What comparing the members of a case's `expect` came to. */
export interface Compared {
  readonly comparisons: readonly Comparison[]
  /** Paths of members that nothing compares. */
  readonly unimplemented: readonly string[]
}

/** Compares members of a case's `expect`, each with what was found under its name. */
export async function compareMembers(
  listed: readonly (readonly [string, JsonValue])[],
  found: Found,
): Promise<Compared> {
  const comparisons: Comparison[] = []
  const unimplemented: string[] = []
  for (const [name, expected] of listed) {
    const value = Object.hasOwn(found, name) ? found[name] : undefined
    if (!Object.hasOwn(found, name) || (value instanceof ByName && !isRecord(expected)))
      unimplemented.push(`expect.${name}`)
    else if (value instanceof ByName) {
      const inner = await compareByName(name, expected, value)
      comparisons.push(...inner.comparisons)
      unimplemented.push(...inner.unimplemented)
    } else if (value !== ELSEWHERE)
      comparisons.push(...compareTree(name, expected, typeof value === 'function' ? await value(expected) : value))
  }
  return { comparisons, unimplemented }
}

async function compareByName(path: string, listed: JsonValue, { find }: ByName): Promise<Compared> {
  const comparisons: Comparison[] = []
  const unimplemented: string[] = []
  for (const [name, expected] of entriesOf(listed)) {
    const value = await find(name, expected)
    if (value === undefined) unimplemented.push(`expect.${path}.${name}`)
    else if (value !== ELSEWHERE) comparisons.push(...compareTree(`${path}.${name}`, expected, value))
  }
  return { comparisons, unimplemented }
}

/** Compares every value below `expected` with what stands at the same path in `actual`. */
export function compareTree(path: string, expected: JsonValue, actual: JsonValue | undefined): readonly Comparison[] {
  if (isRecord(expected)) {
    return Object.entries(expected).flatMap(([name, value]) =>
      compareTree(`${path}.${name}`, value, isRecord(actual) && Object.hasOwn(actual, name) ? actual[name] : undefined),
    )
  }
  if (Array.isArray(expected)) return compareLists(path, expected, actual)
  return [same(path, expected, actual)]
}

/** Compares one plain value. */
export function same(path: string, expected: JsonValue, actual: JsonValue | undefined): Comparison {
  return {
    path,
    expected: writable(expected),
    actual: actual === undefined ? undefined : writable(actual),
    equal: expected === actual,
  }
}

// Canonical JSON, which results are written in, holds safe integers only: other numbers are shown as text.
function writable(value: JsonValue): JsonValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : String(value)
  if (Array.isArray(value)) return value.map(writable)
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, writable(one)])) : value
}

function compareLists(
  path: string,
  expected: readonly JsonValue[],
  actual: JsonValue | undefined,
): readonly Comparison[] {
  const found: readonly JsonValue[] = Array.isArray(actual) ? actual : []
  return [
    {
      path: `${path}.length`,
      expected: expected.length,
      actual: found.length,
      equal: Array.isArray(actual) && expected.length === found.length,
    },
    ...expected.flatMap((value, i) => compareTree(`${path}[${i}]`, value, found[i])),
  ]
}
