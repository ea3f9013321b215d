import type { CollateralSource } from '@sekisho/collateral'
import type { TrustAnchor, Verdict } from '@sekisho/evidence'
import type { CollateralFiles } from '../options/collateral-files.ts'

/** One decoded field, as every TEE's `…Fields` function gives it. */
export interface Field {
  readonly path: string
  readonly offset?: number
  readonly length?: number
  readonly value: string | number | boolean
  readonly meaning?: string
  readonly source?: string
}

/** An expectations object as it was read from a file or flags; the TEE's own verifier checks it. */
export type Expectations = Readonly<Record<string, unknown>>

/** What a verification is made with. */
export interface VerifyRequest {
  readonly evidence: Uint8Array
  readonly at: Date
  readonly files: CollateralFiles
  /** Asked for what the files do not hold; undefined when nothing may be fetched. */
  readonly source: CollateralSource | undefined
  /** Told what the source has not got. */
  readonly onMissing?: (what: string) => void
  readonly expect: Expectations
  readonly waive: readonly string[]
  readonly trustAnchors: readonly TrustAnchor[] | undefined
  /** Certificates that anchors were given as. None is trusted for being here: its key must be an anchor's. */
  readonly anchorCertificates?: readonly Uint8Array[]
  readonly eventLog: Uint8Array | undefined
}

/** What the commands need of one TEE. */
export interface TeeDoor {
  /** Judges evidence. @throws EvidenceError when it cannot be read, CollateralError when the source fails */
  verify(request: VerifyRequest): Promise<Verdict>
  /** Decodes evidence. @throws EvidenceError when it cannot be read */
  fields(evidence: Uint8Array): readonly Field[]
  /** Expectations that this evidence would meet, as members and values, for a file to start from. */
  skeleton(evidence: Uint8Array): Expectations
}
