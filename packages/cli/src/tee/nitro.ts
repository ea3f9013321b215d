import { nitroFields, nitroSkeleton, parseNitroDocument, verifyNitroSync } from '@sekisho/evidence/nitro'
import type { TeeDoor } from './door.ts'

/** AWS Nitro behind the commands. Its certificates come with the document. */
export const nitroDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors }) {
    return verifyNitroSync(evidence, { at, expect, waive, ...(trustAnchors === undefined ? {} : { trustAnchors }) })
  },
  fields: (evidence) => nitroFields(parseNitroDocument(evidence)),
  skeleton: (evidence) => nitroSkeleton(parseNitroDocument(evidence)),
}
