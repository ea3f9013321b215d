import {
  booleanField,
  type FieldKinds,
  hexField,
  integerField,
  listOf,
  readExpectations,
} from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'

/**
 * What a relying party may expect of a device. `measurement` lists accepted measurements: each measured
 * component must have one of them. `products` are implementation ids and `hardwareIds` instance ids, in
 * hex. `allowDebug` accepts the one debug state that leaves the root of trust alone.
 */
export interface PsaExpectations extends Omit<CommonExpectations, 'signer' | 'minSvn' | 'hostData'> {
  /** Accepted callers; a negative one is outside of the secure world. */
  readonly clientIds?: readonly number[]
}

const KINDS: FieldKinds<PsaExpectations> = {
  measurement: listOf(hexField(32, 64)),
  reportData: hexField(1, 64),
  nonce: hexField(16, 64),
  reportDataIsFresh: booleanField,
  products: listOf(hexField(32)),
  hardwareIds: listOf(hexField(33)),
  clientIds: listOf(integerField(-0x80000000, 0x7fffffff)),
  allowDebug: booleanField,
  allowEmulated: booleanField,
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readPsaExpectations(input: unknown): PsaExpectations {
  return readExpectations<PsaExpectations>(input ?? {}, KINDS)
}
