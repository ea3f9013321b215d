import {
  GOOGLE_TPM_ROOTS,
  parseTpmJson,
  type TpmExpectations,
  tpmFields,
  tpmSkeleton,
  verifyTpm,
} from '@sekisho/evidence/tpm'
import { commonOptions, type Door } from '../door.ts'

/** TPM 2.0 quotes behind the page. Certificates come with them; roots of TPM makers as trust anchors. */
export const tpmDoor: Door = {
  roots: () => GOOGLE_TPM_ROOTS,
  titles: {},
  fields: (evidence) => tpmFields(parseTpmJson(evidence)),
  skeleton: (evidence) => tpmSkeleton(parseTpmJson(evidence)),
  verify(request) {
    const parts = parseTpmJson(request.evidence)
    const whole = request.eventLog === undefined ? parts : { ...parts, eventLog: request.eventLog }
    return verifyTpm(whole, commonOptions<TpmExpectations>(request))
  },
}
