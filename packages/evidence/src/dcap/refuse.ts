import { EvidenceError, type EvidenceErrorCode } from '../core/errors.ts'

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
