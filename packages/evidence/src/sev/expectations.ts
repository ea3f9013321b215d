import {
  booleanField,
  type FieldKinds,
  hexField,
  integerField,
  listOf,
  objectField,
  readExpectations,
  textField,
} from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'

/** Bits of the policy as they must be. */
export interface SevPolicyExpectations {
  readonly noKeySharing?: boolean
  readonly encryptedState?: boolean
  readonly noSend?: boolean
  readonly domainOnly?: boolean
  readonly sevOnly?: boolean
}

/** Lowest firmware that is accepted; `build` counts when API version and build were measured. */
export interface SevFirmwareExpectations {
  readonly major?: number
  readonly minor?: number
  readonly build?: number
}

/**
 * What a relying party may expect. `measurement` is the launch digest, `nonce` the mnonce it chose for
 * an attestation report, `hardwareIds` the SHA-256 of the CEK's SubjectPublicKeyInfo.
 */
export interface SevExpectations
  extends Pick<
    CommonExpectations,
    'measurement' | 'nonce' | 'products' | 'hardwareIds' | 'allowDebug' | 'allowEmulated'
  > {
  /** True when the TIK of this launch was made for it and used for no other. */
  readonly tikIsFresh?: boolean
  readonly policy?: SevPolicyExpectations
  readonly minFirmware?: SevFirmwareExpectations
  /** Accepted owners: SHA-256 of the OCA's SubjectPublicKeyInfo. */
  readonly owners?: readonly string[]
}

const BYTE = integerField(0, 255)

const KINDS: FieldKinds<SevExpectations> = {
  measurement: listOf(hexField(32)),
  nonce: hexField(16),
  products: listOf(textField(64)),
  hardwareIds: listOf(hexField(32)),
  allowDebug: booleanField,
  allowEmulated: booleanField,
  tikIsFresh: booleanField,
  policy: objectField<SevPolicyExpectations>({
    noKeySharing: booleanField,
    encryptedState: booleanField,
    noSend: booleanField,
    domainOnly: booleanField,
    sevOnly: booleanField,
  }),
  minFirmware: objectField<SevFirmwareExpectations>({ major: BYTE, minor: BYTE, build: BYTE }),
  owners: listOf(hexField(32)),
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readSevExpectations(input: unknown): SevExpectations {
  return readExpectations<SevExpectations>(input ?? {}, KINDS)
}
