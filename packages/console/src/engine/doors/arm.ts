import type { ArmEndorsementsInput, CorimContent, CorimTrust } from '@sekisho/evidence/cca'
import type { DoorRequest } from '../door.ts'

/** How CoRIMs are read: handed in, so that other evidence does not load it. */
export interface CorimReaders {
  readCorim(bytes: Uint8Array): CorimContent
  verifyCorim(bytes: Uint8Array, trust: CorimTrust): Promise<CorimContent>
}

const SIGNED_TAG = 0xd2

/** What files hold for Arm's verifiers. A signed CoRIM is checked with the keys of a key set; without one it is an error of the verdict's. */
export async function armEndorsements(
  { collateral: { armKeys, armReferences, corims, keySets }, at }: Pick<DoorRequest, 'collateral' | 'at'>,
  { readCorim, verifyCorim }: CorimReaders,
): Promise<ArmEndorsementsInput> {
  const keys = keySets.at(-1)?.jwks
  const read = async (bytes: Uint8Array): Promise<CorimContent> =>
    bytes[0] === SIGNED_TAG && keys !== undefined ? verifyCorim(bytes, { keys, at }) : readCorim(bytes)
  return {
    ...(armKeys.length === 0 ? {} : { keys: JSON.stringify(armKeys) }),
    ...(armReferences === undefined ? {} : { referenceValues: armReferences }),
    ...(corims.length === 0 ? {} : { corims: await Promise.all(corims.map(read)) }),
  }
}
