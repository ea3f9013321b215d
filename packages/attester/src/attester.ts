/** Evidence as it was collected, in the two forms in which it travels. */
export interface Collected {
  /** The kind of TEE, in the words of `@sekisho/evidence`, e.g. `tpm`. */
  readonly tee: string
  /** Value of `primary_evidence` in the KBS protocol: a JSON value. */
  readonly kbs: unknown
  /** The evidence as `sekisho verify` reads it from a file, with its certificates where the machine has them. */
  readonly evidence: Uint8Array
  /** The event log that the registers were extended by, where it goes beside the evidence; a TPM's is inside. */
  readonly eventLog?: Uint8Array
}

/** A source of evidence about the machine it runs on. */
export interface Attester {
  /** As in {@link Collected}. */
  readonly tee: string
  /**
   * Has the hardware sign `reportData`, 1 to 64 bytes, as it is; shorter than the field of the hardware is followed
   * by zeros there. A TPM has no such field: it signs the bytes given, and those that make SHA-384 at most take 50.
   */
  attest(options: { readonly reportData: Uint8Array }): Promise<Collected>
}

/** Checks what every attester is given. @throws TypeError */
export function checkReportData(reportData: Uint8Array): void {
  if (!(reportData instanceof Uint8Array) || reportData.length < 1 || reportData.length > 64)
    throw new TypeError('reportData must be 1 to 64 bytes')
}
