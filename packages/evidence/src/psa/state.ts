import type { KeyState } from '../arm/key-steps.ts'
import type { DigestJob, SignatureJob } from '../crypto/jobs.ts'
import type { PsaExpectations } from './expectations.ts'
import type { PsaToken } from './token.ts'

/** Everything that the steps of a verification read. */
export interface PsaState extends KeyState {
  readonly token: PsaToken
  /** Undefined when it cannot verify under any circumstances. */
  readonly signature: SignatureJob | undefined
  /** SHA-256 of the key's uncompressed point, of which an instance id is made; undefined without a key. */
  readonly point: DigestJob | undefined
  /** Lower-case hex. */
  readonly nonce: string
  readonly expect: PsaExpectations
}
