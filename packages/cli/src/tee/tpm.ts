import { parseTpmJson, tpmFields, tpmSkeleton, verifyTpmSync } from '@sekisho/evidence/tpm'
import type { TeeDoor } from './door.ts'

/** TPM 2.0 quotes behind the commands. Certificates come with them, or the outcome of an enrolment is given. */
export const tpmDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, eventLog, files }) {
    const parts = parseTpmJson(evidence)
    return verifyTpmSync(eventLog === undefined ? parts : { ...parts, eventLog }, {
      at,
      expect,
      waive,
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
      ...(files.tpm.activation === undefined ? {} : { activation: files.tpm.activation }),
    })
  },
  fields: (evidence) => tpmFields(parseTpmJson(evidence)),
  skeleton: (evidence) => tpmSkeleton(parseTpmJson(evidence)),
}
