import { type CcaExpectations, ccaFields, parseCcaToken, readCorim, verifyCca } from '@sekisho/evidence/cca'
import { isZero, toHex } from '../bytes.ts'
import { commonOptions, type Door } from '../door.ts'
import { armEndorsements } from './arm.ts'

/** Arm CCA behind the page. Arm pins no root: keys of platforms come with the endorsements. */
export const ccaDoor: Door = {
  roots: () => [],
  titles: {},
  fields: (evidence) => ccaFields(parseCcaToken(evidence)),
  skeleton(evidence) {
    const { platform, realm, keyAttestation } = parseCcaToken(evidence)
    const rems = realm.claims.extensibleMeasurements.map((value, i) => [`rem${i}`, value] as const)
    return {
      measurement: [toHex(realm.claims.initialMeasurement)],
      ...Object.fromEntries(rems.filter(([, value]) => !isZero(value)).map(([name, value]) => [name, [toHex(value)]])),
      ...(isZero(realm.claims.personalizationValue) ? {} : { hostData: [toHex(realm.claims.personalizationValue)] }),
      ...(keyAttestation === undefined ? { reportData: toHex(realm.claims.challenge) } : {}),
      products: [toHex(platform.claims.implementationId)],
    }
  },
  verify: (request) =>
    verifyCca(request.evidence, {
      ...commonOptions<CcaExpectations>(request),
      endorsements: armEndorsements(request.collateral, readCorim),
    }),
}
