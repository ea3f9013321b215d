import { booleanField, type FieldKinds, hexField, listOf, readExpectations } from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'

/**
 * What a relying party may expect. `measurement` is the SHA-256 of the image's Secure Execution
 * header, `reportData` the user data in full, `nonce` the 16 bytes in the request, `hardwareIds` host
 * key hashes.
 */
export interface IbmSeExpectations
  extends Pick<
    CommonExpectations,
    'measurement' | 'reportData' | 'nonce' | 'reportDataIsFresh' | 'hardwareIds' | 'allowEmulated'
  > {
  /** True when the request, with its protection key, was made for this exchange and used for no other. */
  readonly requestIsFresh?: boolean
  /** Accepted configuration UIDs. */
  readonly configurations?: readonly string[]
  /** Accepted hashes of the secret store, which guests fill at run time. */
  readonly secretStores?: readonly string[]
}

const KINDS: FieldKinds<IbmSeExpectations> = {
  measurement: listOf(hexField(32)),
  reportData: hexField(0, 256),
  nonce: hexField(16),
  reportDataIsFresh: booleanField,
  hardwareIds: listOf(hexField(32)),
  allowEmulated: booleanField,
  requestIsFresh: booleanField,
  configurations: listOf(hexField(16)),
  secretStores: listOf(hexField(64)),
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readIbmSeExpectations(input: unknown): IbmSeExpectations {
  return readExpectations<IbmSeExpectations>(input ?? {}, KINDS)
}
