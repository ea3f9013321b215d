import type { TrustAnchor } from '../core/verdict.ts'
import type { DigestJob, SignatureJob } from '../crypto/jobs.ts'
import type { Crl } from '../x509/crl.ts'
import type { IasEvidence } from './archive.ts'
import type { IasExpectations } from './expectations.ts'

/** A revocation list that the caller gave. */
export interface IasList {
  /** Undefined when it cannot be read; `fault` says why. */
  readonly crl: Crl | undefined
  readonly fault: string | undefined
  /** The list under the authority's key; undefined when it cannot verify. */
  readonly signature: SignatureJob | undefined
}

/** Everything that the steps of a verification read. */
export interface IasState {
  readonly evidence: IasEvidence
  readonly anchor: TrustAnchor | undefined
  /** The signing certificate under the authority's key; undefined when it cannot verify. */
  readonly chainSignature: SignatureJob | undefined
  /** Undefined when the caller gave none. */
  readonly list: IasList | undefined
  /** The body under the signing key; undefined when it cannot verify. */
  readonly signature: SignatureJob | undefined
  /** SHA-256 of what the TLS certificate's key may be bound by: its SubjectPublicKeyInfo, its point, x and y. */
  readonly tlsDigests: readonly DigestJob[]
  /** Milliseconds since 1970. */
  readonly at: number
  readonly expect: IasExpectations
}
