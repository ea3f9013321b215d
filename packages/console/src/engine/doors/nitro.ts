import {
  AWS_NITRO_ROOTS,
  type NitroExpectations,
  nitroFields,
  parseNitroDocument,
  pcrOf,
  verifyNitro,
} from '@sekisho/evidence/nitro'
import { isZero, toHex } from '../bytes.ts'
import { commonOptions, type Door } from '../door.ts'

/** AWS Nitro behind the page. Its certificates come with the document. */
export const nitroDoor: Door = {
  roots: () => AWS_NITRO_ROOTS,
  titles: {},
  fields: (evidence) => nitroFields(parseNitroDocument(evidence)),
  skeleton(evidence) {
    const document = parseNitroDocument(evidence)
    const enclave = document.device === 'nsm'
    const measurement = pcrOf(document, enclave ? 0 : 4)
    const signer = enclave ? pcrOf(document, 8) : undefined
    const extended = document.pcrs.filter(({ index, value }) => (enclave ? index > 8 : index === 7) && !isZero(value))
    return {
      ...(measurement === undefined ? {} : { measurement: [toHex(measurement)] }),
      ...(signer === undefined || isZero(signer) ? {} : { signer: [toHex(signer)] }),
      ...(extended.length === 0
        ? {}
        : { pcrs: Object.fromEntries(extended.map(({ index, value }) => [String(index), [toHex(value)]])) }),
      ...(document.userData instanceof Uint8Array ? { reportData: toHex(document.userData) } : {}),
    }
  },
  verify: (request) => verifyNitro(request.evidence, commonOptions<NitroExpectations>(request)),
}
