import { AWS_NITRO_ROOTS, parseNitroDocument, pcrOf, verifyNitroSync } from '@sekisho/evidence/nitro'
import { fittedBinding, isZero, NOTHING_KEPT, toHex } from './bytes.ts'
import type { Door, Surroundings } from './model.ts'

/** AWS Nitro. Its certificates come with the document. */
export function nitroDoor(around: Surroundings): Door {
  return {
    skeleton({ evidence }) {
      const document = parseNitroDocument(evidence)
      const enclave = document.device === 'nsm'
      const measurement = pcrOf(document, enclave ? 0 : 4)
      const signer = enclave ? pcrOf(document, 8) : undefined
      const others = document.pcrs.filter(({ index, value }) => (enclave ? index > 8 : index === 7) && !isZero(value))
      return {
        ...(measurement === undefined ? {} : { measurement: [toHex(measurement)] }),
        ...(signer === undefined || isZero(signer) ? {} : { signer: [toHex(signer)] }),
        ...(others.length === 0
          ? {}
          : { pcrs: Object.fromEntries(others.map(({ index, value }) => [String(index), [toHex(value)]])) }),
      }
    },
    binding({ evidence }, digest) {
      const { userData } = parseNitroDocument(evidence)
      return fittedBinding(digest, userData?.length ?? 0)
    },
    async verify({ evidence }, { expect, at, waive }) {
      const options = { at, expect, memory: around.memory, ...around.anchors(AWS_NITRO_ROOTS) }
      const verdict = verifyNitroSync(evidence, waive === undefined ? options : { ...options, waive })
      return { verdict, collateral: NOTHING_KEPT }
    },
  }
}
