/** What a machine sends to have its attestation key enrolled. A verifier believes nothing of it before the activation. */
export interface EnrolmentRequest {
  /** TPMT_PUBLIC of the attestation key. */
  readonly akPublic: Uint8Array
  /** TPMT_PUBLIC of the endorsement key. */
  readonly ekPublic: Uint8Array
  /** DER, leaf first; empty when the TPM has none. */
  readonly ekCertificates: readonly Uint8Array[]
}

/** A secret that only one TPM can read, and only if it holds one attestation key: what a verifier answers. */
export interface Credential {
  /** TPM2B_ID_OBJECT. */
  readonly credentialBlob: Uint8Array
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSecret: Uint8Array
}
