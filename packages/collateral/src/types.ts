import type { NvidiaArchitecture, RimKind } from '@sekisho/evidence/nvidia'

/** Which Intel TEE collateral is for: TCB Info and QE identity differ between the two. */
export type IntelTee = 'sgx' | 'tdx'

/** Which of Intel's two CAs issued a platform's PCK certificate. */
export type PckCa = 'platform' | 'processor'

/** The collateral that verifies quotes of one kind of Intel platform. */
export interface IntelRequest {
  readonly tee: IntelTee
  /** FMSPC of the PCK certificate: 12 hex digits of either case. */
  readonly fmspc: string
  readonly ca: PckCa
  /** Update channel (PCS API v4); the service's default is `standard`. Not together with a number. */
  readonly update?: 'standard' | 'early'
  /** Exactly this evaluation data number. */
  readonly tcbEvaluationDataNumber?: number
}

/** What identifies a PCK certificate: certification data of types 1 to 3 in a quote without a PCK chain. */
export interface PckRequest {
  /** Encrypted PPID (types 2 and 3), hex. PCS needs it; a PCCS may do with `qeId` alone. */
  readonly encryptedPpid?: string
  /** CPUSVN, 32 hex digits. */
  readonly cpuSvn: string
  readonly pceSvn: number
  /** PCE id as the quote has it: 4 hex digits, little-endian. */
  readonly pceId: string
  /** QE id (first 16 bytes of the quote header's user data), 32 hex digits; only a PCCS is told. */
  readonly qeId?: string
}

/** TCB component versions that name a VCEK certificate. `fmc` is for Turin and later only. */
export interface AmdTcb {
  readonly fmc?: number
  readonly bootloader: number
  readonly tee: number
  readonly snp: number
  readonly microcode: number
}

/** The endorsements that verify an SEV-SNP report. */
export interface AmdRequest {
  /** Product line as AMD's key service spells it: `Milan`, `Genoa`, `Turin`. */
  readonly product: string
  /** CHIP_ID of the report, 128 hex digits (Turin: the first 16 count). Needed unless `vlek` or `leafGiven`. */
  readonly chipId?: string
  /**
   * The VCEK certificate came with a report that hides its chip, or is not to be had: the rest is asked for, and no leaf is
   * given. Without `vlek` only.
   */
  readonly leafGiven?: true
  /** REPORTED_TCB of the report. */
  readonly tcb: AmdTcb
  /** Whether the report is signed with a VLEK: its certificate comes with the evidence, not from AMD. */
  readonly vlek: boolean
}

/**
 * Intel collateral of one platform, as `@sekisho/evidence` takes it: PEM for chains, hex for CRLs and
 * signatures, and the exact strings that were signed.
 */
export interface IntelCollateralInput {
  readonly pck_crl_issuer_chain: string
  readonly root_ca_crl: string
  readonly pck_crl: string
  readonly tcb_info_issuer_chain: string
  readonly tcb_info: string
  readonly tcb_info_signature: string
  readonly qe_identity_issuer_chain: string
  readonly qe_identity: string
  readonly qe_identity_signature: string
  readonly pck_certificate_chain?: string
}

/** The span of time in which every part is valid; milliseconds since 1970, both ends included. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** What a source gives for an {@link IntelRequest}. */
export interface IntelCollateral {
  readonly tee: IntelTee
  /** 12 lower-case hex digits. */
  readonly fmspc: string
  readonly ca: PckCa
  /** Channel it was asked from, where it was not the service's default. */
  readonly update?: 'standard' | 'early'
  readonly tcbEvaluationDataNumber: { readonly tcbInfo: number; readonly qeIdentity: number }
  readonly window: Window
  readonly collateral: IntelCollateralInput
}

/** What a source gives for a {@link PckRequest}. */
export interface PckCertificate {
  /** PEM: leaf, intermediate, root; goes into `pck_certificate_chain`. */
  readonly chain: string
  /** From the leaf's SGX extension, 12 lower-case hex digits. */
  readonly fmspc: string
  readonly ca: PckCa
  readonly window: Window
}

/** What a source gives for an {@link AmdRequest}. Certificates and CRL are DER. */
export interface AmdCollateral {
  readonly product: string
  readonly vlek: boolean
  /** Hardware id of the VCEK, lower-case hex (128 digits; Turin: 16). Absent without a VCEK. */
  readonly chipId?: string
  /** CSP id in the VLEK certificate, where one is included. */
  readonly cspId?: string
  /** TCB in the leaf certificate, where one is included. */
  readonly tcb?: AmdTcb
  readonly window: Window
  /** VCEK, or VLEK where someone has added it; absent when it must come with the evidence. */
  readonly leaf?: Uint8Array
  /** ASK or ASVK. */
  readonly intermediate: Uint8Array
  /** ARK. */
  readonly root: Uint8Array
  readonly crl: Uint8Array
}

/** A manifest in NVIDIA's service. */
export interface NvidiaRimRequest {
  readonly kind: RimKind
  /** Name in the service, e.g. `NV_GPU_DRIVER_GH100_550.90.07`. */
  readonly id: string
  /** Of the driver or the VBIOS, as the device's report names it. */
  readonly version: string
  /** What the manifest's product must belong to, where it is known. */
  readonly architecture?: NvidiaArchitecture
}

/** A certificate of a chain of NVIDIA, to be asked about. */
export interface NvidiaOcspRequest {
  /** DER: the certificate, then its issuers up to the root; at most 8. */
  readonly chain: readonly Uint8Array[]
}

/** A reference integrity manifest of NVIDIA, and what it says it is for. */
export interface NvidiaRimCollateral {
  /** e.g. `GH100`. */
  readonly product: string
  /** Of the driver or the VBIOS. */
  readonly version: string
  /** Over all certificates of its chain. */
  readonly window: Window
  /** XML, as NVIDIA signed it. */
  readonly manifest: Uint8Array
}

/** An OCSP response about certificates of NVIDIA's chains. */
export interface NvidiaOcspCollateral {
  /** Serial numbers of the certificates that it answers about, in its order. */
  readonly serials: readonly string[]
  /** Over all answers; one without an end holds for no time. */
  readonly window: Window
  /** DER. */
  readonly response: Uint8Array
}

/**
 * One thing a source does, for showing to a person. `stale-but-valid`: the service gave nothing good, and an older
 * answer that is still valid is used. `not-kept`: the cache could not be written. `what` is plain words, e.g.
 * `TDX TCB info of 90c06f000000`.
 */
export interface Progress {
  readonly step: 'fetching' | 'fetched' | 'cached' | 'waiting' | 'stale-but-valid' | 'not-kept'
  readonly what: string
  readonly host: string
  /** `waiting`: milliseconds until the next attempt. */
  readonly waitMs?: number
  /** `cached`, `stale-but-valid`: milliseconds since it was fetched. */
  readonly ageMs?: number
  /** `stale-but-valid`, `not-kept`: why. */
  readonly reason?: string
}

/** Where manifests and OCSP answers come from. What it gives is a claim: the verifier checks every signature again. */
export interface NvidiaSource {
  rim(request: NvidiaRimRequest): Promise<NvidiaRimCollateral>
  ocsp(request: NvidiaOcspRequest): Promise<NvidiaOcspCollateral>
}

/**
 * Where collateral comes from. What a source gives is a claim: the verifier checks every signature again.
 * Each method rejects with a CollateralError, `not-found` when this source does not have it.
 */
export interface CollateralSource {
  intel(request: IntelRequest): Promise<IntelCollateral>
  pck(request: PckRequest): Promise<PckCertificate>
  amd(request: AmdRequest): Promise<AmdCollateral>
  /** Absent where NVIDIA's services are not asked. */
  readonly nvidia?: NvidiaSource
  /** What was fetched before now and is issued again and again counts as old: it is asked for once more when it is wanted. */
  renew?(): void
}
