import { iasFields, iasSkeleton, parseIas, verifyIasSync } from '@sekisho/evidence/ias'
import type { TeeDoor } from './door.ts'

/** Archived reports of Intel's attestation service behind the commands. Their certificates come with them. */
export const iasDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors }) {
    return verifyIasSync(evidence, { at, expect, waive, ...(trustAnchors === undefined ? {} : { trustAnchors }) })
  },
  fields: (evidence) => iasFields(parseIas(evidence)),
  skeleton: (evidence) => iasSkeleton(parseIas(evidence)),
}
