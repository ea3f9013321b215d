import { allZero, toHex } from '../core/bytes.ts'
import { type Skeleton, unlessZero } from '../core/skeleton.ts'
import { type NitroDocument, pcrOf } from './document.ts'

/**
 * Expectations that a document would meet: of an enclave its image, its signer and the PCRs that it extended itself,
 * of an instance with NitroTPM PCR 4 and PCR 7.
 */
export function nitroSkeleton(document: NitroDocument): Skeleton {
  const enclave = document.device === 'nsm'
  const measurement = pcrOf(document, enclave ? 0 : 4)
  const signer = enclave ? pcrOf(document, 8) : undefined
  const extended = document.pcrs.filter(({ index, value }) => (enclave ? index > 8 : index === 7) && !allZero(value))
  return {
    ...(measurement === undefined ? {} : { measurement: [toHex(measurement)] }),
    ...(signer === undefined ? {} : unlessZero('signer', signer)),
    ...(extended.length === 0
      ? {}
      : { pcrs: Object.fromEntries(extended.map(({ index, value }) => [String(index), [toHex(value)]])) }),
    ...(document.userData instanceof Uint8Array ? { reportData: toHex(document.userData) } : {}),
  }
}
