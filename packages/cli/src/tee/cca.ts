import { ccaFields, parseCcaToken, readCorim, verifyCcaSync } from '@sekisho/evidence/cca'
import { armEndorsements } from '../options/arm-files.ts'
import type { TeeDoor } from './door.ts'
import { isZero, toHex } from './shared.ts'

/** Arm CCA behind the commands. */
export const ccaDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, files }) {
    return verifyCcaSync(evidence, {
      at,
      endorsements: armEndorsements(files.arm, readCorim),
      expect,
      waive,
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
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
}
