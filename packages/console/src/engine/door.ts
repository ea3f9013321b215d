import type { TrustAnchor, Verdict } from '@sekisho/evidence'
import type { Collateral } from './collateral.ts'
import type { EndorsementNeed, Field } from './messages.ts'

/** What a verification of one piece of evidence is made with. */
export interface DoorRequest {
  /** Without its wrappers. */
  readonly evidence: Uint8Array
  readonly at: Date
  readonly collateral: Collateral
  readonly expect: Readonly<Record<string, unknown>>
  readonly waive: readonly string[]
  /** Undefined: the vendor's own roots. */
  readonly trustAnchors: readonly TrustAnchor[] | undefined
  readonly eventLog: Uint8Array | undefined
}

/** What the page needs of one TEE. */
export interface Door {
  /** The vendor's pinned roots for this evidence. */
  roots(evidence: Uint8Array): readonly TrustAnchor[]
  /** What each check establishes, by its id; of TEEs whose verdicts do not say it themselves. */
  readonly titles: Readonly<Record<string, string>>
  /** Decodes evidence. @throws EvidenceError when it cannot be read */
  fields(evidence: Uint8Array): readonly Field[]
  /**
   * What to ask a checkpoint for, where the vendor's endorsements can be fetched: one of these answers will do.
   * Undefined for TEEs whose endorsements come otherwise.
   */
  needs?(evidence: Uint8Array): readonly EndorsementNeed[]
  /** Expectations that this evidence would meet. @throws EvidenceError */
  skeleton(evidence: Uint8Array): Readonly<Record<string, unknown>>
  /** @throws EvidenceError for evidence that cannot be read, TypeError for expectations that make no sense */
  verify(request: DoorRequest): Promise<Verdict>
}

/** Options that every verify function takes. */
export function commonOptions<E>({ at, expect, waive, trustAnchors }: DoorRequest): {
  readonly at: Date
  readonly expect: E
  readonly waive: readonly string[]
  readonly trustAnchors?: readonly TrustAnchor[]
} {
  // The verifier reads its expectations member by member, and refuses what it does not know.
  return { at, expect: expect as E, waive, ...(trustAnchors === undefined ? {} : { trustAnchors }) }
}
