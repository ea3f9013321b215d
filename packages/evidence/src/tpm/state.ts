import type { EvidenceError } from '../core/errors.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import type { DigestAlgorithm, DigestJob, PublicKey, SignatureJob } from '../crypto/jobs.ts'
import type { Attest } from '../tpm-structures/attest.ts'
import type { TpmPublic } from '../tpm-structures/public-area.ts'
import type { TpmSignature } from '../tpm-structures/signature.ts'
import type { ExplainedBank } from './boot/explain.ts'
import type { MeasuredLog, PcrValues } from './boot/measured-log.ts'
import type { TpmChain } from './certificates.ts'
import type { TpmExpectations } from './expectations.ts'

/** The attestation key. */
export interface AttestationKey {
  readonly key: PublicKey
  /** Undefined when only the bare key is known: its attributes are then for others to vouch for. */
  readonly area: TpmPublic | undefined
  /** Name of the public area in hex; undefined without one. */
  readonly name: string | undefined
  /** Which hierarchy the key is a primary key of, when the qualified name tells. */
  readonly hierarchy: string | undefined
  readonly spki: DigestJob
}

/** Who vouches for the attestation key, when it is neither a certificate nor an enrolment. */
export interface BoundKey {
  /** Undefined when that is not known: the hardware report could be neither proven nor refuted. */
  readonly holds: boolean | undefined
  /** One sentence. */
  readonly reason: string
}

/**
 * What the caller did before: he had a TPM decrypt a secret with its endorsement key that it would only
 * give to the holder of the AK with this name (TPM2_ActivateCredential).
 */
export interface TpmActivation {
  /** Name of the AK that the credential was made for, hex. */
  readonly akName: string
  /** DER: the certificate of the endorsement key first, then those above it. */
  readonly ekCertificates: readonly Uint8Array[]
}

/** The event log in the bank that is judged by. */
export interface LogState {
  readonly measured: MeasuredLog
  /** In the bank of the verdict; undefined when the log or the quote has no such bank. */
  readonly explained: ExplainedBank | undefined
  /** PCRs of that bank that are quoted and replay: only from these the log proves anything. */
  readonly proven: readonly number[]
  /** Other quoted banks in which PCRs do not replay. */
  readonly otherBanks: readonly { readonly bank: string; readonly differing: readonly number[] }[]
}

/** Everything that the steps of a verification read. */
export interface TpmState {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly attest: Attest
  readonly signed: TpmSignature
  readonly ak: AttestationKey | undefined
  /** Undefined when the signature cannot verify under any circumstances. */
  readonly signature: SignatureJob | undefined
  readonly bound: BoundKey | undefined
  readonly activation: TpmActivation | undefined
  readonly chain: TpmChain | undefined
  /** Whose certificate the chain begins with. */
  readonly role: 'ak' | 'ek'
  /** The anchor that the chain ends at, or that the AK itself is. */
  readonly anchor: TrustAnchor | undefined
  readonly akIsAnchor: boolean
  readonly bank: DigestAlgorithm
  readonly pcrs: PcrValues | undefined
  /** Undefined when a quoted value was not supplied, or the hash cannot be computed. */
  readonly pcrDigest: DigestJob | undefined
  /** Quoted PCRs, e.g. `sha256:7`, for which no value was supplied. */
  readonly missing: readonly string[]
  readonly log: LogState | undefined
  readonly logError: EvidenceError | undefined
  readonly hex: { readonly extraData: string; readonly pcrDigest: string }
  readonly expect: TpmExpectations
}
