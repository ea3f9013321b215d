import type { Tee } from '../core/verdict.ts'

/** Longest input that is looked at, in bytes. */
export const MAX_INPUT: number = 10_000_000

/** How many wrappers may lie around evidence. */
export const MAX_WRAPPERS = 4

/**
 * What a companion is.
 *
 * - `certificates`: one certificate or several, DER or PEM.
 * - `certificate-table`: the GHCB table that SEV-SNP hosts deliver.
 * - `endorsements`: JSON in which a host delivers certificates.
 * - `event-log`: a measured-boot log, binary (CCEL) or JSON.
 * - `runtime-data`: what the report data is (said to be) a digest of.
 * - `additional-evidence`: the text of the evidence of devices, which a KBS client's own evidence binds.
 * - `signed-wrapper`: the signed form (`COSE_Sign1`, `JWS` or `certificate`, says the label) of the wrapper that lay
 *   around the evidence, whose signature nobody has checked.
 * - `nonce`, `report-data`, `init-data`: as their names say.
 */
export type CompanionKind =
  | 'certificates'
  | 'certificate-table'
  | 'endorsements'
  | 'event-log'
  | 'runtime-data'
  | 'additional-evidence'
  | 'signed-wrapper'
  | 'nonce'
  | 'report-data'
  | 'init-data'

/** Something that travelled with the evidence. It is as untrusted as the evidence. */
export interface Companion {
  readonly kind: CompanionKind
  /** Where it was found, e.g. `cert_chain[0]`. */
  readonly from: string
  /** What the envelope calls it, e.g. `VCEK`. At most 32 characters of letters, digits, `-`, `_`. */
  readonly label?: string
  readonly bytes: Uint8Array
}

/** One wrapper that was taken off. */
export interface Wrapper {
  /** e.g. `hexadecimal`, `JSON: KBS evidence`. */
  readonly name: string
  /** Bytes before it was taken off. */
  readonly length: number
}

/** Evidence without its wrappers. Nothing about it was verified, and little of it was read. */
export interface Recognised {
  readonly tee: Tee
  /** `SEV-SNP report`, `SGX quote` or `TDX quote`. */
  readonly form: string
  /** A copy: the caller may reuse the input. */
  readonly evidence: Uint8Array
  /** Outermost first. */
  readonly wrappers: readonly Wrapper[]
  readonly companions: readonly Companion[]
  /** What else lay in the wrappers and is not looked at, in words. */
  readonly unused: readonly string[]
}

/** What taking off one wrapper gave. */
export interface Opened {
  readonly name: string
  /** The wrapped bytes, or a JSON value that holds them. */
  readonly inner: { readonly bytes: Uint8Array } | { readonly json: unknown }
  /** Where in the wrapper the inner part lay, for errors, e.g. `tee-evidence.primary_evidence`. */
  readonly path: string
  readonly companions?: readonly Companion[]
  readonly unused?: readonly string[]
  /** What the inner part must turn out to be, where the wrapper says so. */
  readonly tees?: readonly Tee[]
  /** Every piece of evidence inside, `inner` among them, where a wrapper can hold several. */
  readonly parts?: readonly Part[]
  /** Evidence beside `inner`, which stands on its own: taken by whoever asks for all parts. */
  readonly beside?: readonly Part[]
  /** What may be evidence where this form has none: unless it is the same again, nobody would judge it. */
  readonly rivals?: readonly Part[]
}

/** One of several pieces of evidence in one wrapper. */
export interface Part {
  /** What the wrapper calls it; empty where it has one part only. */
  readonly label: string
  readonly inner: { readonly bytes: Uint8Array } | { readonly json: unknown }
  readonly tees?: readonly Tee[]
  /** What travels beside this piece alone. */
  readonly companions?: readonly Companion[]
}

/** One piece of evidence of several, and what the wrapper around them calls it. */
export interface RecognisedPart {
  /** Labels from the outside in, joined by `/`; empty where there is only one piece. */
  readonly label: string
  readonly recognised: Recognised
}

/** Most pieces of evidence in one input. */
export const MAX_PARTS = 64

/** Bytes that look like evidence; whether they are is for the TEE's own parser to say. */
export interface Identified {
  readonly tee: Tee
  readonly form: string
  readonly bytes: Uint8Array
  readonly companions?: readonly Companion[]
  readonly unused?: readonly string[]
}
