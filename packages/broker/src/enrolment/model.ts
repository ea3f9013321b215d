import type { RefusalCode } from '../checkpoint/refusal.ts'
import type { EnrolmentRequest } from './activation.ts'
import type { Credential } from './credential.ts'

/** What a machine is answered that asks to have its key enrolled. */
export type EnrolmentOutcome =
  | {
      /** 32 lower-case hex digits. */
      readonly enrolment: string
      readonly credential: Credential
      readonly expires: Date
      readonly refused?: undefined
    }
  | EnrolmentRefused

/** What a machine is answered that shows the secret of its credential. */
export type ActivationOutcome =
  | { readonly akName: string; readonly decision: string; readonly refused?: undefined }
  | EnrolmentRefused

/** A refused enrolment. */
export interface EnrolmentRefused {
  readonly refused: { readonly code: RefusalCode; readonly decision: string | undefined }
}

/** An attestation key that a TPM proved to hold. */
export interface EnrolledKey {
  /** Name of the key, hex. */
  readonly akName: string
  /** SHA-256 of the endorsement key's SubjectPublicKeyInfo, hex: which TPM it is. */
  readonly ekSha256: string
  /** DER, leaf first, root last. */
  readonly ekCertificates: readonly Uint8Array[]
  readonly enrolled: Date
  readonly enrolledBy: string
  readonly revoked?: Date
  readonly revokedBy?: string
}

/** Attestation keys of TPMs: by which machines they are enrolled, and by whom revoked. */
export interface TpmKeys {
  /**
   * A credential that only the TPM with both keys can open. The certificate must lead to a trusted root.
   * @throws BrokerError `invalid` for keys or certificates that are not what they must be; `busy` when too many wait
   */
  enrol(request: EnrolmentRequest & { readonly namespace: string; readonly at: Date }): Promise<EnrolmentOutcome>
  /** The secret of a credential; right or wrong, it can be answered once. */
  activate(request: {
    readonly enrolment: string
    readonly secret: Uint8Array
    readonly at: Date
  }): Promise<ActivationOutcome>
  /** By name, revoked ones too. `after` takes those behind a name. */
  list(namespace: string, o?: { readonly after?: string; readonly limit?: number }): Promise<readonly EnrolledKey[]>
  /**
   * Revokes a TPM by one of its keys: all keys that it enrolled, and live leases that rest on them. It is not enrolled
   * again, with whatever key, until {@link TpmKeys.readmit}.
   * @throws BrokerError `not-found`
   */
  revoke(
    namespace: string,
    akName: string,
    by: { readonly actor: string; readonly at: Date },
  ): Promise<{ readonly keys: number; readonly live: number; readonly revoked: number }>
  /** Forgets that a TPM was revoked, by one of its keys: it may enrol again. @throws BrokerError `not-found` */
  readmit(
    namespace: string,
    akName: string,
    by: { readonly actor: string; readonly at: Date },
  ): Promise<{ readonly keys: number }>
}
