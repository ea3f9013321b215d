/**
 * Why evidence, or a part of it, could not be read. Stable: callers may switch on it.
 *
 * - `malformed`: the bytes are not what they claim to be.
 * - `truncated`: the input ends before the structure does.
 * - `trailing-bytes`: bytes are left over where the format allows none.
 * - `too-large`: a length or count is over the bound this decoder accepts.
 * - `unsupported-version`: a version of the structure that this decoder does not know.
 * - `unsupported-algorithm`: a signature or key algorithm that evidence of this kind never uses.
 * - `unsupported-kind`: well-formed, but a kind of body, data or envelope this decoder does not know.
 */
export type EvidenceErrorCode =
  | 'malformed'
  | 'truncated'
  | 'trailing-bytes'
  | 'too-large'
  | 'unsupported-version'
  | 'unsupported-algorithm'
  | 'unsupported-kind'

/** Where in the input an {@link EvidenceError} arose. */
export interface EvidenceErrorPlace {
  /** Name of the field as its specification spells it, e.g. `report.version`. */
  readonly field: string
  /** Byte offset from the start of the structure that was being read. */
  readonly offset: number
  /** What would have been accepted there. */
  readonly expected: string
}

/**
 * Input that cannot be read as what it should be. The message names the field, the offset and what
 * was expected, and never repeats more than a few bytes of the input.
 */
export class EvidenceError extends Error {
  override readonly name = 'EvidenceError'
  readonly code: EvidenceErrorCode
  readonly field: string
  readonly offset: number
  readonly expected: string

  constructor(code: EvidenceErrorCode, found: string, place: EvidenceErrorPlace) {
    super(`${place.field} at byte ${place.offset}: ${found}; expected ${place.expected}`)
    this.code = code
    this.field = place.field
    this.offset = place.offset
    this.expected = place.expected
  }
}

/** The error that names a field, what was found there, what would have been accepted, and where. */
export function refuse(
  field: string,
  found: string,
  expected: string,
  offset = 0,
  code: EvidenceErrorCode = 'malformed',
): EvidenceError {
  return new EvidenceError(code, found, { field, offset, expected })
}
