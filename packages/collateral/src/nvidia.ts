import { parseNvidiaRim, parseOcspResponse } from '@sekisho/evidence/nvidia'
import { intersection, validity } from './anchors.ts'
import { bad } from './reading.ts'
import type { NvidiaOcspCollateral, NvidiaRimCollateral } from './types.ts'

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
