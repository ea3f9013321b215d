import { iasFields, iasSkeleton, parseIas, verifyIasSync } from '@sekisho/evidence/ias'
import type { TeeDoor } from './door.ts'

/** Archived reports of Intel's attestation service behind the commands. Their certificates come with them, a revocation list does not. */
export const iasDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, files: { ias } }) {
    return verifyIasSync(evidence, {
      at,
      expect,
      waive,
      ...(ias.crl === undefined ? {} : { crl: ias.crl }),
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => iasFields(parseIas(evidence)),
  skeleton: (evidence) => iasSkeleton(parseIas(evidence)),
}
