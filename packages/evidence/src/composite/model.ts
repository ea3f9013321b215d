import type { Tee, Verdict } from '../core/verdict.ts'
import type { Companion, Recognised } from '../recognise/index.ts'

/** Expectations of one part, as its TEE's own verifier reads them. */
export type PartExpectations = Readonly<Record<string, unknown>>

/** One piece of composite evidence. */
export interface CompositePart {
  /** What the part is to the whole: lower-case letters, digits and `-`; unique among the parts. */
  readonly name: string
  /** True for a device beside the machine whose evidence is the first of the whole. */
  readonly device: boolean
  readonly recognised: Recognised
  /** Signed wrappers that lay around all of it. */
  readonly wrappedBy: readonly Companion[]
}

/** What the whole is to be judged by. Everything absent is not compared, and shows as unchecked where it matters. */
export interface CompositeExpectations {
  /** Bytes the verifier chose for this exchange, 16 to 64, in hex: in the runtime data, or in every part. */
  readonly nonce?: string
  /** What every part must hold, in hex; with runtime data, what the machine's evidence must hold. */
  readonly reportData?: string
  /** True when `reportData`, or the runtime data, were derived from a value chosen for this exchange. */
  readonly reportDataIsFresh?: boolean
  /**
   * What the parts are to be bound to: the `runtime-data` of the KBS protocol. Without it those that came with
   * the evidence are taken, of which the digests in the parts then tell whether they are theirs.
   */
  readonly runtimeData?: Readonly<Record<string, unknown>>
  readonly allowDebug?: boolean
  readonly allowEmulated?: boolean
  /** By name of a part, or by TEE: what is expected of it alone. A name wins over a TEE. */
  readonly parts?: Readonly<Record<string, PartExpectations>>
}

/** One part on its way to its own TEE's verifier. */
export interface PartRequest {
  readonly part: CompositePart
  readonly at: Date
  readonly expect: PartExpectations
  /** Waivers of checks that its verifier knows. */
  readonly waive: readonly string[]
}

/** Judges a part as its TEE's own verifier does. @throws EvidenceError when it cannot be read */
export type PartDoor = (request: PartRequest) => Promise<Verdict>

/** What a verification of the whole takes beside the evidence. */
export interface CompositeOptions {
  readonly at: Date
  /** How parts are judged: with which collateral and trust anchors is the caller's to say. */
  readonly door: PartDoor
  readonly expect?: CompositeExpectations
  /**
   * Keys of those who sign the wrapper around the parts (COSE_Sign1, JWS or certificate). With them, evidence in no
   * signed wrapper, or only partly in one, stays unchecked: whoever passes it on could have taken the wrapper off.
   */
  readonly wrapperKeys?: WrapperKeys
  /** Ids of checks that may stay unmade: of the whole (`composite.…`), or of parts. */
  readonly waive?: readonly string[]
}

/** Keys, one of two ways. */
export type WrapperKeys =
  /** A JSON Web Key Set, or a single key. */
  | { readonly jwks: string; readonly coseKeys?: undefined }
  /** A COSE_KeySet or COSE_Key. */
  | { readonly coseKeys: Uint8Array; readonly jwks?: undefined }

/** Prefixes of the check ids of each TEE's verdicts. */
export const CHECK_PREFIXES: Readonly<Record<Tee, readonly string[]>> = {
  sgx: ['sgx'],
  tdx: ['tdx'],
  snp: ['snp'],
  sev: ['sev'],
  nitro: ['nitro'],
  cca: ['cca'],
  psa: ['psa'],
  tpm: ['tpm'],
  'azure-vtpm': ['azure', 'snp', 'tdx', 'tpm'],
  'nvidia-gpu': ['nvidia'],
  'ibm-se': ['ibm-se'],
  token: ['token'],
  'sgx-epid': ['ias'],
}

/** TEEs whose verifiers have no debug state to allow. */
export const WITHOUT_DEBUG: readonly Tee[] = ['tpm', 'ibm-se']
