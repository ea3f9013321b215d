import { toHex } from '../core/bytes.ts'
import { type Skeleton, unlessZero } from '../core/skeleton.ts'
import type { CcaToken } from './token.ts'

/** Expectations that a token would meet: the realm's measurements, and whose platform it is. */
export function ccaSkeleton({ platform, realm, keyAttestation }: CcaToken): Skeleton {
  const { initialMeasurement, extensibleMeasurements, personalizationValue, challenge } = realm.claims
  const extended = extensibleMeasurements.flatMap((value, i) => Object.entries(unlessZero(`rem${i}`, value)))
  return {
    measurement: [toHex(initialMeasurement)],
    ...Object.fromEntries(extended),
    ...unlessZero('hostData', personalizationValue),
    ...(keyAttestation === undefined ? { reportData: toHex(challenge) } : {}),
    products: [toHex(platform.claims.implementationId)],
  }
}
