import type { Field } from '../engine/messages.ts'

/** One field that is not the same on both sides; absent on a side that does not have it. */
export interface Difference {
  readonly path: string
  readonly a?: string
  readonly b?: string
}

/** What differs between two decoded pieces of evidence, in the order of the first, then of the second. */
export function differencesOf(
  a: readonly Field[],
  b: readonly Field[],
): { readonly differences: readonly Difference[]; readonly equal: number } {
  const ofA = new Map(a.map(({ path, value }) => [path, String(value)]))
  const ofB = new Map(b.map(({ path, value }) => [path, String(value)]))
  const paths = [...new Set([...ofA.keys(), ...ofB.keys()])]
  const differences = paths
    .filter((path) => ofA.get(path) !== ofB.get(path))
    .map((path) => {
      const left = ofA.get(path)
      const right = ofB.get(path)
      return { path, ...(left === undefined ? {} : { a: left }), ...(right === undefined ? {} : { b: right }) }
    })
  return { differences, equal: paths.length - differences.length }
}
