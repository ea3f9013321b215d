import type { ArmEndorsementsInput, CorimContent } from '@sekisho/evidence/cca'
import type { Collateral } from '../collateral.ts'

/** What files hold for Arm's verifiers. The reader of CoRIMs is handed in, so that other evidence does not load it. */
export function armEndorsements(
  { armKeys, armReferences, corims }: Collateral,
  readCorim: (bytes: Uint8Array) => CorimContent,
): ArmEndorsementsInput {
  return {
    ...(armKeys.length === 0 ? {} : { keys: JSON.stringify(armKeys) }),
    ...(armReferences === undefined ? {} : { referenceValues: armReferences }),
    ...(corims.length === 0 ? {} : { corims: corims.map(readCorim) }),
  }
}
