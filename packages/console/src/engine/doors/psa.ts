import {
  type PsaExpectations,
  parsePsaToken,
  psaFields,
  psaSkeleton,
  readCorim,
  verifyCorim,
  verifyPsa,
} from '@sekisho/evidence/psa'
import { commonOptions, type Door } from '../door.ts'
import { armEndorsements } from './arm.ts'

/** PSA behind the page. */
export const psaDoor: Door = {
  roots: () => [],
  titles: {},
  fields: (evidence) => psaFields(parsePsaToken(evidence)),
  skeleton: (evidence) => psaSkeleton(parsePsaToken(evidence)),
  verify: async (request) =>
    verifyPsa(request.evidence, {
      ...commonOptions<PsaExpectations>(request),
      endorsements: await armEndorsements(request, { readCorim, verifyCorim }),
    }),
}
