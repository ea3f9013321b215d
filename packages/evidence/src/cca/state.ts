import type { KeyState } from '../arm/key-steps.ts'
import type { DigestJob, SignatureJob } from '../crypto/jobs.ts'
import type { CcaExpectations } from './expectations.ts'
import type { CcaToken } from './token.ts'

/** Everything that the steps of a verification read. */
export interface CcaState extends KeyState {
  readonly token: CcaToken
  /** Undefined when the signature cannot verify under any circumstances. */
  readonly platformSignature: SignatureJob | undefined
  readonly realmSignature: SignatureJob | undefined
  /** Hash of the realm's key as carried; undefined when its algorithm is none that is known. */
  readonly binding: DigestJob | undefined
  /** SHA-512 of Parsec's key attestation, if there is one. */
  readonly keyAttestation: DigestJob | undefined
  /** Lower-case hex: written once. */
  readonly rim: string
  readonly rems: readonly string[]
  readonly rpv: string
  readonly challenge: string
  readonly expect: CcaExpectations
}
