import assert from 'node:assert/strict'
import { EvidenceError, type EvidenceErrorCode } from '../src/core/errors.ts'

/** Asserts that `run` refuses its input with this code, and says which field is wrong, where, and what was expected there. */
export function refuses(code: EvidenceErrorCode, field: RegExp, run: () => unknown): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof EvidenceError, String(error))
    assert.equal(error.code, code)
    assert.match(error.field, field)
    assert.ok(error.expected.length > 0 && Number.isSafeInteger(error.offset))
    return true
  })
}
