import {
  type PsaExpectations,
  parsePsaToken,
  psaFields,
  psaSkeleton,
  readCorim,
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
  verify: (request) =>
    verifyPsa(request.evidence, {
      ...commonOptions<PsaExpectations>(request),
      endorsements: armEndorsements(request.collateral, readCorim),
    }),
}
