import type { Tee } from '@sekisho/evidence'

/** Where a reference set came from. */
export interface Provenance {
  readonly kind: 'manual' | 'json' | 'corim' | 'measurement'
  /** A file name, a URL, or words of whoever wrote it; at most 1024 characters. */
  readonly source?: string
  /** SHA-256 of the bytes that were imported, lower-case hex. */
  readonly sha256?: string
}

/** Values that a relying party accepts of evidence of one TEE, by name. */
export interface ReferenceSet {
  /** Lower-case letters, digits, `.`, `_` and `-`; at most 64, the first a letter or digit. */
  readonly name: string
  readonly tee: Tee
  /** Members of that TEE's expectations (`measurement`, `signer`, `rtmr0`, `pcrs`, `minTcb`, …), as its reader gives them back. */
  readonly values: Readonly<Record<string, unknown>>
  /** Who answers for the values; at most 256 characters. */
  readonly owner: string
  readonly provenance: Provenance
  /** ISO 8601 in UTC: from then on the set matches nothing. */
  readonly expires?: string
}

/** Categories of the AR4SI trustworthiness vector (draft-ietf-rats-ar4si, section 2.3). */
export type TrustCategory =
  | 'instance-identity'
  | 'configuration'
  | 'executables'
  | 'file-system'
  | 'hardware'
  | 'runtime-opaque'
  | 'storage-opaque'
  | 'sourced-data'

/** AR4SI claims by category, signed 8-bit numbers; an absent category makes no statement. */
export type TrustVector = Readonly<Partial<Record<TrustCategory, number>>>

/** AR4SI tiers, as a status spells them. */
export type Tier = 'none' | 'affirming' | 'warning' | 'contraindicated'

/** The vector as policies see it: the same numbers under names that need no quotes. */
export interface PolicyVector {
  readonly instanceIdentity?: number
  readonly configuration?: number
  readonly executables?: number
  readonly fileSystem?: number
  readonly hardware?: number
  readonly runtimeOpaque?: number
  readonly storageOpaque?: number
  readonly sourcedData?: number
}

/**
 * What a policy sees: the common claims, what the verifier and the appraisal made of them, and the
 * request. Plain JSON, so that it can be recorded and decided on again. Byte strings are lower-case hex.
 */
export interface PolicyContext {
  readonly tee: Tee
  readonly vendor: string
  readonly product?: string
  readonly isolation: 'process' | 'vm' | 'gpu' | 'none'
  readonly hardware: boolean
  readonly emulated: boolean
  readonly debug: boolean
  readonly measurement: string
  readonly signer?: string
  readonly svn?: number
  readonly userData?: string
  readonly hostData?: string
  readonly hardwareId?: string
  readonly tcb: {
    readonly status?: string
    /** ISO 8601 in UTC. */
    readonly date?: string
    readonly advisories: readonly string[]
    readonly components: Readonly<Record<string, number>>
  }
  /** Registers extended after launch, by name: `rtmr0`, `PCR7`, `REM0`. */
  readonly registers: Readonly<Record<string, string>>
  /** Kinds of the parts of composite evidence. */
  readonly parts: readonly string[]
  readonly verdict: {
    readonly outcome: 'verified' | 'incomplete' | 'rejected'
    readonly authenticity: 'proven' | 'unproven' | 'refuted'
    readonly waived: readonly string[]
  }
  /** Names of the reference sets that the evidence met. */
  readonly references: readonly string[]
  readonly status: Tier
  readonly vector: PolicyVector
  /** Set by the decision to those of its request. */
  readonly namespace?: string
  readonly resource?: string
  /** ISO 8601 in UTC: the time to decide at. */
  readonly now: string
}

/** What a verdict is worth: the AR4SI vector and status, and what policies see. */
export interface Appraisal {
  /** No better than the worst entry of the vector, and no better than the verdict. */
  readonly status: Tier
  readonly vector: TrustVector
  readonly context: PolicyContext
  readonly references: readonly string[]
}
