import { nitroFields, parseNitroDocument, pcrOf, verifyNitroSync } from '@sekisho/evidence/nitro'
import type { TeeDoor } from './door.ts'
import { isZero, toHex } from './shared.ts'

/** AWS Nitro behind the commands. Its certificates come with the document. */
export const nitroDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors }) {
    return verifyNitroSync(evidence, { at, expect, waive, ...(trustAnchors === undefined ? {} : { trustAnchors }) })
  },
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
}
