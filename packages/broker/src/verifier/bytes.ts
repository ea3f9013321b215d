import { createHash } from 'node:crypto'
import type { Expectations, KeptCollateral } from './model.ts'

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

/** SHA-256 in lower-case hex. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Endorsements with their digest. */
export function keep(bytes: Uint8Array): KeptCollateral {
  return { sha256: sha256(bytes), bytes }
}

/** What is kept where the evidence brings everything itself. */
export const NOTHING_KEPT: KeptCollateral = keep(new Uint8Array())

/** The binding of evidence with a field of 64 bytes, which the verifiers fill up with zeros. */
export function fullBinding(digest: Uint8Array): Expectations {
  return { reportData: toHex(digest), reportDataIsFresh: true }
}

// A shorter field would leave too little of the digest to bind anything.
const SHORTEST_FIELD = 32

/** The digest padded with zeros or cut to the field that the evidence has. */
export function fittedBinding(digest: Uint8Array, field: number): Expectations {
  if (field < SHORTEST_FIELD || field === digest.length) return fullBinding(digest)
  const fitted = new Uint8Array(field)
  fitted.set(digest.subarray(0, field))
  return fullBinding(fitted)
}
