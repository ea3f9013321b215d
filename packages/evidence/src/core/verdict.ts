/** Kinds of trusted execution environment whose evidence can be verified. */
export const TEES = [
  'sgx',
  'tdx',
  'snp',
  'sev',
  'nitro',
  'cca',
  'psa',
  'tpm',
  'azure-vtpm',
  'nvidia-gpu',
  'ibm-se',
  'token',
  'sgx-epid',
] as const

/** One of {@link TEES}. */
export type Tee = (typeof TEES)[number]

/**
 * What became of one check.
 *
 * - `pass`: made, and it holds.
 * - `fail`: made, and it does not hold. One is enough to reject.
 * - `unchecked`: relevant, but not made: something to compare with was missing, or a check that it
 *   rests on did not pass. The verdict stays incomplete until it is made or waived by name.
 * - `not-applicable`: this evidence has nothing to check here; the reason says why.
 */
export type Outcome = 'pass' | 'fail' | 'unchecked' | 'not-applicable'

/**
 * The two questions a verdict answers. `authenticity`: did genuine, unrevoked hardware sign this, and
 * is everything it rests on in date? `appraisal`: is it what the relying party wants?
 */
export type Phase = 'authenticity' | 'appraisal'

/** Who can do what a remedy asks for. `nobody`: forged or damaged evidence cannot be mended, only replaced. */
export type Party = 'relying-party' | 'workload-owner' | 'platform-owner' | 'hardware-vendor' | 'nobody'

/** What would make a failed or unmade check pass. */
export interface Remedy {
  /** One sentence: the value that would pass, or the update that is short. */
  readonly action: string
  readonly by: Party
}

/** What a check found; made with `pass`, `fail`, `unchecked` and `notApplicable`. */
export interface Finding {
  readonly outcome: Outcome
  /** One plain sentence. */
  readonly reason: string
  readonly expected?: string
  readonly actual?: string
  /** Id of the trust anchor, or name of the document, that the finding rests on. */
  readonly anchor?: string
  readonly remedy?: Remedy
}

/** One check of a verdict. */
export interface Check extends Finding {
  /** Stable: never renamed, never given another meaning. E.g. `snp.report.signature`. */
  readonly id: string
  /** What the check establishes when it passes; absent where the TEE's catalogue has it (`snpCatalogue`, by id). */
  readonly title?: string
  readonly phase: Phase
  /** Document and section that ask for the check. */
  readonly source: string
  /** The check that did not pass, so that this one could not be made. */
  readonly blockedBy?: string
  /** True when the caller waived this unmade check by name. */
  readonly waived?: true
}

/** Checks that belong together, in the order in which they were made. */
export interface CheckGroup {
  readonly id: string
  /** Absent where the TEE's catalogue has it. */
  readonly title?: string
  /** `fail` if one failed, else `unchecked` if one was neither made nor waived, else `pass`, else `not-applicable`. */
  readonly outcome: Outcome
  readonly checks: readonly Check[]
}

/** A public key that the verifier trusts without evidence: a vendor's root, or one the caller named. */
export interface TrustAnchor {
  /** Short and stable, e.g. `intel-sgx-root`. */
  readonly id: string
  readonly name: string
  readonly vendor: string
  /** SHA-256 of the DER SubjectPublicKeyInfo, 64 lower-case hex digits. Keys are pinned, not certificates. */
  readonly spkiSha256: string
  /** True for every root that is not a hardware vendor's: emulators, examples, tests. */
  readonly emulated?: boolean
}

/** An endorsement, or the anchor's own certificate, that the verdict used. */
export interface CollateralPart {
  /** e.g. `tcb-info`, `pck-crl`, `vcek`. */
  readonly name: string
  /** SHA-256 of the bytes as received. */
  readonly sha256: string
  /** Start and end of validity, ISO 8601 in UTC. */
  readonly from?: string
  readonly until?: string
}

/** Something the verdict relies on without evidence. */
export interface Assumption {
  readonly id: string
  readonly statement: string
  /** What in the evidence makes it an assumption here. */
  readonly because: string
}

/** A fact worth knowing that changes no outcome. */
export interface Note {
  readonly id: string
  readonly text: string
}

/** State of the trusted computing base, as the vendor's collateral or the report itself tells it. */
export interface TcbClaim {
  /** The vendor's word (`UpToDate`, `OutOfDate`, …); undefined where the vendor publishes no status. */
  readonly status?: string
  /** ISO 8601: the date of the TCB level. */
  readonly date?: string
  readonly advisories?: readonly string[]
  /** Component name to security version number. */
  readonly components: Readonly<Record<string, number>>
}

/**
 * What evidence of any kind claims, in one shape, so that a policy can be written once. Byte strings
 * are lower-case hex. The claims are believable only as far as the verdict's outcome says.
 */
export interface Claims {
  readonly tee: Tee
  /** Who made the root of trust, in one lower-case word: `intel`, `amd`, `aws`, `arm`, `nvidia`, `ibm`, … */
  readonly vendor: string
  /** Product generation, e.g. `Milan`; for Intel the FMSPC. Undefined when the evidence does not tell. */
  readonly product?: string
  /** What is isolated; `none` for a platform that only measures its boot. */
  readonly isolation: 'process' | 'vm' | 'gpu' | 'none'
  /** True only under a hardware vendor's anchor. */
  readonly hardware: boolean
  readonly debug: boolean
  /** Measurement of what was launched: MRENCLAVE, MRTD, SNP MEASUREMENT. */
  readonly launchMeasurement: string
  /** Registers extended after launch, by name. */
  readonly runtimeMeasurements: Readonly<Record<string, string>>
  /** Who signed the workload (MRSIGNER, ID key digest), if anybody. */
  readonly signer?: string
  /** The workload's own security version. */
  readonly svn?: number
  /** 64 bytes chosen by the workload: nonce, key hash. */
  readonly userData: string
  /** Data chosen by whoever launched the workload (HOST_DATA, MRCONFIGID, CONFIGID). */
  readonly hostData?: string
  readonly hardwareId?: string
  readonly tcb: TcbClaim
}

export type VerdictOutcome = 'verified' | 'incomplete' | 'rejected'

/**
 * The answer to one piece of evidence, as a value that can be kept: it names everything that went in,
 * so that it can be computed again years later. `C` is the TEE's own claims beside the common ones.
 */
export interface Verdict<C extends Claims = Claims> {
  readonly schema: 'urn:sekisho:verdict:v1'
  readonly outcome: VerdictOutcome
  /** One sentence for a person. */
  readonly summary: string
  /** `proven` only if every authenticity check that applies passed or was waived by name. */
  readonly authenticity: 'proven' | 'unproven' | 'refuted'
  readonly tee: Tee
  /** e.g. `TDX quote v4`. */
  readonly format: string
  /** The time the evidence was judged at, ISO 8601 in UTC. */
  readonly at: string
  readonly evidence: { readonly sha256: string; readonly length: number }
  /** True when the chain ends at an anchor that is not a hardware vendor's. */
  readonly emulated: boolean
  /** The anchors that the evidence was found to rest on. */
  readonly anchors: readonly TrustAnchor[]
  readonly collateral: readonly CollateralPart[]
  readonly claims: C
  readonly checks: readonly CheckGroup[]
  readonly assumed: readonly Assumption[]
  /** Ids of unmade checks that the caller waived. */
  readonly waived: readonly string[]
  readonly notes: readonly Note[]
  /** Composite evidence: the verdicts on its parts. The whole is never better than the worst of them. */
  readonly parts?: readonly VerdictPart[]
}

/** One part of composite evidence. */
export interface VerdictPart {
  /** What the part is to the whole, e.g. `hardware-report`, `gpu-0`. */
  readonly name: string
  readonly verdict: Verdict
}
