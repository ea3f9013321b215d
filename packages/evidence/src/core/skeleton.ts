import { allZero, toHex } from './bytes.ts'

/**
 * Expectations that a piece of evidence would meet, as members of its TEE's expectations with their values: what
 * reference values start from. A member that the evidence says nothing about is left out.
 */
export type Skeleton = Readonly<Record<string, unknown>>

/** A member that lists the one value, hex; none for zeros, which stand for a value that was never set. */
export function unlessZero(name: string, bytes: Uint8Array): Skeleton {
  return allZero(bytes) ? {} : { [name]: [toHex(bytes)] }
}
