import assert from 'node:assert/strict'
import { EvidenceError, type EvidenceErrorCode } from '@sekisho/evidence'

/** Bytes with some of them replaced. */
export function edited(bytes: Uint8Array, at: number, change: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy.set(change, at)
  return copy
}

/** Asserts that reading is refused for exactly this reason. */
export async function refusedBy(
  work: () => unknown,
  code: EvidenceErrorCode,
  field: string,
  expected: RegExp,
): Promise<void> {
  await assert.rejects(
    async () => await work(),
    (error) => {
      assert.ok(error instanceof EvidenceError, String(error))
      assert.deepEqual([error.code, error.field], [code, field], error.message)
      assert.match(error.expected, expected)
      return true
    },
  )
}
