import type { Memory } from './memory.ts'
import type { TrustAnchor } from './verdict.ts'

/** What every verify function takes beside the evidence, its collateral and the expectations. */
export interface VerifyOptions {
  /** The time to judge at. Stored evidence is judged at its own time. */
  readonly at: Date
  /** Roots to trust instead of the vendor's pinned ones. Any that is not the vendor's must say `emulated: true`. */
  readonly trustAnchors?: readonly TrustAnchor[]
  /** Ids of checks that may stay unmade. A waiver shows in the verdict. */
  readonly waive?: readonly string[]
  /** Remembers what was verified once; share one between calls. Without it nothing is remembered. */
  readonly memory?: Memory
}

/** A byte string as a caller may write it: hexadecimal of either case, or bytes. */
export type HexOrBytes = string | Uint8Array

/** What a relying party may expect of evidence of any kind. Everything absent is not compared, and shows as unchecked where it matters. */
export interface CommonExpectations {
  /** Accepted launch measurements (MRENCLAVE, MRTD, SNP MEASUREMENT); one must match. */
  readonly measurement?: readonly string[]
  /** Accepted signers of the workload (MRSIGNER, digest of the ID key or author key); needs `minSvn`. */
  readonly signer?: readonly string[]
  /** Lowest security version number of the workload that is accepted from `signer`. */
  readonly minSvn?: number
  /** User data in full, 64 bytes; a shorter value is followed by zeros. */
  readonly reportData?: string
  /** Bytes the verifier chose for this exchange, 16 to 64; the report data must begin with them. */
  readonly nonce?: string
  /** True when `reportData` was derived from a value the verifier chose for this exchange (a hash over nonce and key, say). */
  readonly reportDataIsFresh?: boolean
  /** Accepted launch-time configuration (HOST_DATA, MRCONFIGID, CONFIGID). */
  readonly hostData?: readonly string[]
  /** Accepted product generations (SNP: `Milan`, …; Intel: FMSPC in hex). */
  readonly products?: readonly string[]
  /** Accepted hardware ids (SNP: chip id; Intel: platform instance id or PPID). */
  readonly hardwareIds?: readonly string[]
  /** Accept a workload whose memory its host may read. Never in production. */
  readonly allowDebug?: boolean
  /** Accept evidence under a root that is no hardware vendor's. Never in production. */
  readonly allowEmulated?: boolean
}
