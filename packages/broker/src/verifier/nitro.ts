import { AWS_NITRO_ROOTS, nitroSkeleton, parseNitroDocument, verifyNitroSync } from '@sekisho/evidence/nitro'
import { fittedBinding, lasting, NOTHING_KEPT } from './bytes.ts'
import type { Door, Surroundings } from './model.ts'

/** AWS Nitro. Its certificates come with the document. */
export function nitroDoor(around: Surroundings): Door {
  return {
    skeleton: ({ evidence }) => lasting(nitroSkeleton(parseNitroDocument(evidence))),
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
