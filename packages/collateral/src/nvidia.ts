import { type NvidiaArchitecture, parseNvidiaRim, parseOcspResponse, type RimKind } from '@sekisho/evidence/nvidia'
import { intersection, validity } from './anchors.ts'
import { bad } from './reading.ts'
import type { Window } from './types.ts'

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

/** Where manifests and OCSP answers come from. What it gives is a claim: the verifier checks every signature again. */
export interface NvidiaSource {
  rim(request: NvidiaRimRequest): Promise<NvidiaRimCollateral>
  ocsp(request: NvidiaOcspRequest): Promise<NvidiaOcspCollateral>
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

/** Reads from a manifest what it is for and when it is valid. No signature is checked. @throws Error when it cannot be read */
export function describeNvidiaRim(manifest: Uint8Array): NvidiaRimCollateral {
  const { product, colloquialVersion, chain } = parseNvidiaRim(manifest)
  return {
    product,
    version: colloquialVersion,
    window: intersection(validity(chain.certificates)),
    manifest,
  }
}

/**
 * Reads from an OCSP response whom it answers about and when. No signature is checked.
 * @throws Error when it cannot be read, or answers nothing
 */
export function describeNvidiaOcsp(response: Uint8Array): NvidiaOcspCollateral {
  const { answers } = parseOcspResponse(response)
  if (answers.length === 0) throw bad('an OCSP response without an answer')
  const window = intersection(answers.map(({ thisUpdate: from, nextUpdate: to = from }) => ({ from, to })))
  return { serials: answers.map(({ serial }) => serial), window, response }
}
