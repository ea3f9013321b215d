import { hash } from 'node:crypto'
import { type Skeleton, toHex } from '@sekisho/evidence'
import type { Expectations, KeptCollateral } from './model.ts'

/** SHA-256 in lower-case hex. */
export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes)
}

/** Endorsements with their digest. */
export function keep(bytes: Uint8Array): KeptCollateral {
  return { sha256: sha256(bytes), bytes }
}

/** Kept JSON, as an object; no bytes are an empty one. */
export function keptObject(bytes: Uint8Array): object {
  const value: unknown = bytes.length === 0 ? {} : JSON.parse(Buffer.from(bytes).toString('utf8'))
  return typeof value === 'object' && value !== null ? value : {}
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

/**
 * What of a skeleton holds beyond this exchange. Report data, nonces and the issuer of a token belong to the session:
 * reference sets never name them, and the checkpoint expects its own.
 */
export function lasting({ reportData: _data, nonce: _nonce, issuer: _issuer, ...rest }: Skeleton): Expectations {
  return rest
}
