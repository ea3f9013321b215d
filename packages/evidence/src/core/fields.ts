import { toHex } from './bytes.ts'

/** One decoded field of a structure, for people: inspecting, comparing two pieces of evidence, marking bytes. */
export interface Field {
  /** Path within the evidence, e.g. `report.policy.debugAllowed`; unique. */
  readonly path: string
  /** First byte, from the start of the evidence, and length in bytes; absent for values that are derived. */
  readonly offset?: number
  readonly length?: number
  /** Lower-case hex of byte strings, numbers, booleans, or text. */
  readonly value: string | number | boolean
  /** What the value means, in words, where the value does not say it. */
  readonly meaning?: string
  /** Document and section. */
  readonly source?: string
}

/** Makes fields of byte strings that stand in the evidence as they are, all after one `source`. */
export function fieldPlacer(
  source: string,
): (path: string, offset: number, bytes: Uint8Array, meaning?: string) => Field {
  return (path, offset, bytes, meaning) => ({
    path,
    offset,
    length: bytes.length,
    value: toHex(bytes),
    ...(meaning === undefined ? {} : { meaning }),
    source,
  })
}
