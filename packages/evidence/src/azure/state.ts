import type { Part } from '../core/part.ts'
import type { Verdict } from '../core/verdict.ts'
import type { DigestJob, SignatureJob } from '../crypto/jobs.ts'
import type { AzureEvidence } from './evidence.ts'
import type { AzureExpectations } from './expectations.ts'
import type { HclReport } from './hcl.ts'
import type { RuntimeClaims } from './runtime-claims.ts'

/** What the steps of the whole read of the hardware report. */
export interface HardwareFacts {
  /** Hex. */
  readonly reportData: string
  /** Hex; SNP: MEASUREMENT, TDX: MRTD. */
  readonly measurement: string
  /** SNP only. */
  readonly vmpl: number | undefined
}

/** Everything that the steps of the whole read. */
export interface AzureState {
  readonly evidence: AzureEvidence
  readonly hcl: HclReport
  readonly claims: Part<RuntimeClaims>
  /** Digest over the claims, settled. */
  readonly digest: DigestJob
  /** Neither when the evidence has no report for remote verifiers. */
  readonly hardware: Part<Verdict>
  /** Of the report that the hardware verdict is about; undefined without one. */
  readonly facts: HardwareFacts | undefined
  /** Undefined when the signature cannot verify under any circumstances. */
  readonly signature: SignatureJob | undefined
  readonly vtpm: Part<Verdict>
  readonly expect: AzureExpectations
}
