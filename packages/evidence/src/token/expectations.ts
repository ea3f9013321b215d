import { booleanField, type FieldKinds, hexField, listOf, readExpectations, textField } from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'

/**
 * What a relying party may expect of a token. `measurement` is what the service measured: MRENCLAVE, MRTD, the SNP
 * measurement in hex, or the image digest of a container (`sha256:…` without that prefix).
 */
export interface TokenExpectations
  extends Pick<
    CommonExpectations,
    'measurement' | 'signer' | 'reportData' | 'hostData' | 'allowDebug' | 'allowEmulated'
  > {
  /** Whoever the token must be made for: its `aud` must name one of these. */
  readonly audience?: readonly string[]
  /** The text that the token must carry as its nonce. */
  readonly nonce?: string
  /** Statuses of the platform's TCB that are accepted; `UpToDate` alone unless said. */
  readonly tcbStatuses?: readonly string[]
  /** TDX: accepted values of the registers that what booted has extended. */
  readonly rtmr0?: readonly string[]
  readonly rtmr1?: readonly string[]
  readonly rtmr2?: readonly string[]
  readonly rtmr3?: readonly string[]
  /** Intel Trust Authority: ids of policies that must have matched. */
  readonly policies?: readonly string[]
}

const KINDS: FieldKinds<TokenExpectations> = {
  measurement: listOf(hexField(32, 64)),
  signer: listOf(hexField(32, 64)),
  reportData: hexField(1, 64),
  hostData: listOf(hexField(32, 64)),
  rtmr0: listOf(hexField(48)),
  rtmr1: listOf(hexField(48)),
  rtmr2: listOf(hexField(48)),
  rtmr3: listOf(hexField(48)),
  audience: listOf(textField(1024)),
  nonce: textField(1024),
  tcbStatuses: listOf(textField(64)),
  policies: listOf(textField(64)),
  allowDebug: booleanField,
  allowEmulated: booleanField,
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readTokenExpectations(input: unknown): TokenExpectations {
  return readExpectations<TokenExpectations>(input ?? {}, KINDS)
}
