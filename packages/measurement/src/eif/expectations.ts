import { type NitroExpectations, readNitroExpectations } from '@sekisho/evidence/nitro'
import type { EifMeasurement } from './measure.ts'

/** Registers of where an enclave runs, which no image settles. */
export interface NitroPlace {
  /** PCR3, of the instance's IAM role; lower-case hex. */
  readonly pcr3?: string
  /** PCR4, of the instance's id; lower-case hex. */
  readonly pcr4?: string
}

/**
 * What a relying party expects of enclaves of this image. PCR0 covers the whole image; PCR1 and PCR2 say which part
 * differs when it does not fit. PCR8 is the signer.
 *
 * @throws TypeError when the image's signature does not hold: nothing should be expected of such an image
 */
export function nitroExpectationsFrom(
  { pcrs, signature }: EifMeasurement,
  { pcr3, pcr4 }: NitroPlace = {},
): NitroExpectations {
  if (signature === 'invalid') throw new TypeError('the signature of the image does not hold')
  return readNitroExpectations({
    measurement: [pcrs.pcr0],
    ...(pcrs.pcr8 === undefined ? {} : { signer: [pcrs.pcr8] }),
    pcrs: {
      1: [pcrs.pcr1],
      2: [pcrs.pcr2],
      ...(pcr3 === undefined ? {} : { 3: [pcr3] }),
      ...(pcr4 === undefined ? {} : { 4: [pcr4] }),
    },
  })
}
