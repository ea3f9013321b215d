import type { EvidenceError } from '../core/errors.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import type { DigestJob, HmacJob, SignatureJob } from '../crypto/jobs.ts'
import type { SevCertificates, SevPlace } from './certificates.ts'
import type { SevExpectations } from './expectations.ts'
import type { SevPolicy } from './policy.ts'
import type { SevLaunch, SevLaunchMeasure, SevReport } from './report.ts'

/** What the evidence is: certificates of a platform, the report of a guest, or the answer to LAUNCH_MEASURE. */
export type SevEvidence =
  | { readonly kind: 'platform' }
  | { readonly kind: 'report'; readonly report: SevReport }
  | { readonly kind: 'launch'; readonly measure: SevLaunchMeasure }

/** A launch digest that is accepted, and the MAC it would have. */
export interface SevCandidate {
  readonly digest: string
  readonly mac: HmacJob
}

/** Signatures of a chain; undefined where one cannot verify, or a certificate is missing. */
export interface SevSignatures {
  readonly ark: SignatureJob | undefined
  readonly ask: SignatureJob | undefined
  readonly cek: SignatureJob | undefined
  readonly oca: SignatureJob | undefined
  readonly pekByCek: SignatureJob | undefined
  readonly pekByOca: SignatureJob | undefined
  readonly pdh: SignatureJob | undefined
}

/** Everything that the steps of a verification read. */
export interface SevState {
  readonly evidence: SevEvidence
  readonly certificates: SevCertificates
  /** Why certificates beside the evidence cannot be read. */
  readonly error: EvidenceError | undefined
  readonly signatures: SevSignatures
  /** SHA-256 of each SubjectPublicKeyInfo. */
  readonly keys: Readonly<Partial<Record<SevPlace, DigestJob>>>
  readonly anchor: TrustAnchor | undefined
  readonly reportSignature: SignatureJob | undefined
  readonly launch: SevLaunch | undefined
  readonly candidates: readonly SevCandidate[]
  /** The candidate whose MAC is the one received. */
  readonly matched: string | undefined
  /** Undefined where the evidence is of no guest, or the launch is not known. */
  readonly policy: SevPolicy | undefined
  readonly rawPolicy: number | undefined
  readonly expect: SevExpectations
}
