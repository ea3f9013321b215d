import type { Comparison, JsonValue } from './case.ts'
import { isRecord } from './snp-files.ts'

/** Compares every value below `expected` with what stands at the same path in `actual`. */
export function compareTree(path: string, expected: JsonValue, actual: JsonValue | undefined): readonly Comparison[] {
  if (isRecord(expected)) {
    return Object.entries(expected).flatMap(([name, value]) =>
      compareTree(`${path}.${name}`, value, isRecord(actual) && Object.hasOwn(actual, name) ? actual[name] : undefined),
    )
  }
  if (Array.isArray(expected)) return compareLists(path, expected, actual)
  return [{ path, expected, actual, equal: expected === actual }]
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
