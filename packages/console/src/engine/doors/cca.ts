import {
  type CcaExpectations,
  ccaFields,
  ccaSkeleton,
  parseCcaToken,
  readCorim,
  verifyCca,
  verifyCorim,
} from '@sekisho/evidence/cca'
import { commonOptions, type Door } from '../door.ts'
import { armEndorsements } from './arm.ts'

/** Arm CCA behind the page. Arm pins no root: keys of platforms come with the endorsements. */
export const ccaDoor: Door = {
  roots: () => [],
  titles: {},
  fields: (evidence) => ccaFields(parseCcaToken(evidence)),
  skeleton: (evidence) => ccaSkeleton(parseCcaToken(evidence)),
  verify: async (request) =>
    verifyCca(request.evidence, {
      ...commonOptions<CcaExpectations>(request),
      endorsements: await armEndorsements(request, { readCorim, verifyCorim }),
    }),
}
