import type { Tee } from '@sekisho/evidence'
import type { CorimContent, PlatformReference, RealmReference } from '@sekisho/evidence/cca'

/** Values that a CoRIM holds for one TEE. */
export interface CorimValues {
  readonly tee: Tee
  readonly values: Readonly<Record<string, unknown>>
}

/**
 * Reference values of a CoRIM: each realm is a set for CCA, each implementation without realms or
 * platform configuration a set for PSA. What CCA platforms run is no expectation of a realm's
 * verification but an endorsement, and stays with those.
 *
 * @see draft-ydb-rats-cca-endorsements; draft-fdb-rats-psa-endorsements
 */
export function corimSets({ platforms = [], realms = [] }: CorimContent): readonly CorimValues[] {
  if (realms.length > 0) return realms.map(realmValues)
  return platforms
    .filter(({ components, configuration }) => components.length > 0 && configuration === undefined)
    .map(deviceValues)
}

function realmValues({
  initialMeasurement,
  instanceId,
  extensibleMeasurements,
  personalizationValue,
}: RealmReference): CorimValues {
  const registers = extensibleMeasurements.flatMap((value, i) => (value === undefined ? [] : [[`rem${i}`, [value]]]))
  return {
    tee: 'cca',
    values: {
      measurement: [initialMeasurement],
      ...Object.fromEntries(registers),
      ...(personalizationValue === undefined ? {} : { hostData: [personalizationValue] }),
      ...(instanceId === undefined ? {} : { hardwareIds: [instanceId] }),
    },
  }
}

function deviceValues({ implementationId, instanceId, components }: PlatformReference): CorimValues {
  return {
    tee: 'psa',
    values: {
      measurement: components.flatMap(({ measurements }) => measurements),
      products: [implementationId],
      ...(instanceId === undefined ? {} : { hardwareIds: [instanceId] }),
    },
  }
}
