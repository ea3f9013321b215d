import { type PsaExpectations, parsePsaToken, psaFields, readCorim, verifyPsa } from '@sekisho/evidence/psa'
import { toHex } from '../bytes.ts'
import { commonOptions, type Door } from '../door.ts'
import { armEndorsements } from './arm.ts'

/** PSA behind the page. */
export const psaDoor: Door = {
  roots: () => [],
  titles: {},
  fields: (evidence) => psaFields(parsePsaToken(evidence)),
  skeleton(evidence) {
    const { components, nonce, implementationId } = parsePsaToken(evidence)
    return {
      ...(components.length === 0 ? {} : { measurement: components.map(({ measurement }) => toHex(measurement)) }),
      reportData: toHex(nonce),
      products: [toHex(implementationId)],
    }
  },
  verify: (request) =>
    verifyPsa(request.evidence, {
      ...commonOptions<PsaExpectations>(request),
      endorsements: armEndorsements(request.collateral, readCorim),
    }),
}
