import type { Tee, Verdict } from '@sekisho/evidence'
import type { Expectations } from '../verifier/model.ts'

/** Bytes that a decision rests on, under the digest by which they are kept. */
export interface KeptBytes {
  /** SHA-256 as it was recorded, lower-case hex. */
  readonly sha256: string
  /** Undefined where they are kept no more, or never were: see `docs/server.md`, on retention. */
  readonly bytes: Uint8Array | undefined
}

/** One piece of evidence that a decision rests on, with all that it was judged by. */
export interface RecordedPiece {
  /** `cpu-0`, then each device as verdicts name it. */
  readonly name: string
  readonly tee: Tee
  readonly evidence: KeptBytes
  readonly eventLog?: KeptBytes
  /** In the form that `KeptCollateral` tells of. No bytes at all where the evidence brings everything itself. */
  readonly collateral: KeptBytes
  /** Everything that was expected, the binding to the session included. */
  readonly expect: Expectations
  /** The reference set that was met. */
  readonly reference?: string
}

/** The evidence of a decision, as it was judged. */
export interface RecordedEvidence {
  readonly decision: string
  readonly appraisal: string
  /** The time as of which it was judged: of a release, that of the attestation before. */
  readonly judgedAt: Date
  readonly emulated: boolean
  /** SHA-256 of the verdict's canonical JSON, as the log has it, lower-case hex. */
  readonly verdictSha256: string
  /** The primary evidence first; none where no evidence was judged for the decision. */
  readonly pieces: readonly RecordedPiece[]
}

/** What is compared when a decision is verified again. */
export type ReverifiedStepName = 'log' | 'evidence' | 'collateral' | 'verdict' | 'expectations' | 'policy'

/** One comparison. */
export interface ReverifiedStep {
  readonly step: ReverifiedStepName
  /** `unknown`: it could not be made, and the detail says why. */
  readonly outcome: 'same' | 'differs' | 'unknown'
  /** A plain sentence. */
  readonly detail: string
}

/** What verifying a recorded decision again gave. */
export interface Reverified {
  readonly decision: string
  readonly at: Date
  /** The time as of which the evidence was judged again; absent where none was judged. */
  readonly judgedAt?: Date
  /** `differs` if any step does, `incomplete` if any is unknown and none differs. */
  readonly result: 'confirmed' | 'differs' | 'incomplete'
  readonly steps: readonly ReverifiedStep[]
  /** The verdict as it came out now; absent where the evidence could not be judged. */
  readonly verdict?: Verdict
}
