import { parseNvidiaRim, parseOcspResponse } from '@sekisho/evidence/nvidia'
import { bad } from './reading.ts'
import type { Window } from './types.ts'

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

/** @throws Error when the manifest cannot be read */
export function describeNvidiaRim(manifest: Uint8Array): NvidiaRimCollateral {
  const { product, colloquialVersion, chain } = parseNvidiaRim(manifest)
  return {
    product,
    version: colloquialVersion,
    window: within(chain.certificates.map((one) => [one.notBefore, one.notAfter])),
    manifest,
  }
}

/** @throws Error when the response cannot be read, or answers nothing */
export function describeNvidiaOcsp(response: Uint8Array): NvidiaOcspCollateral {
  const { answers } = parseOcspResponse(response)
  if (answers.length === 0) throw bad('an OCSP response without an answer')
  const window = within(answers.map(({ thisUpdate, nextUpdate }) => [thisUpdate, nextUpdate ?? thisUpdate]))
  return { serials: answers.map(({ serial }) => serial), window, response }
}

function within(spans: readonly (readonly [from: number, to: number])[]): Window {
  return { from: Math.max(...spans.map(([from]) => from)), to: Math.min(...spans.map(([, to]) => to)) }
}
