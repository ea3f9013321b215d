import { booleanField, type FieldKinds, hexField, listOf, readExpectations } from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'

/**
 * What a relying party may expect of a realm. `measurement` is the RIM, `hostData` the personalization
 * value, `products` implementation ids and `hardwareIds` instance ids, all in hex. `allowDebug` accepts
 * the one debug state that leaves CCA's own security alone.
 */
export interface CcaExpectations extends Omit<CommonExpectations, 'signer' | 'minSvn'> {
  readonly rem0?: readonly string[]
  readonly rem1?: readonly string[]
  readonly rem2?: readonly string[]
  readonly rem3?: readonly string[]
}

const DIGEST = listOf(hexField(32, 64))

const KINDS: FieldKinds<CcaExpectations> = {
  measurement: DIGEST,
  rem0: DIGEST,
  rem1: DIGEST,
  rem2: DIGEST,
  rem3: DIGEST,
  reportData: hexField(1, 64),
  nonce: hexField(8, 64),
  reportDataIsFresh: booleanField,
  hostData: listOf(hexField(64)),
  products: listOf(hexField(32)),
  hardwareIds: listOf(hexField(33)),
  allowDebug: booleanField,
  allowEmulated: booleanField,
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readCcaExpectations(input: unknown): CcaExpectations {
  return readExpectations<CcaExpectations>(input ?? {}, KINDS)
}
