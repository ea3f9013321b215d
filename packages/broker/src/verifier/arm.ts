import { canonicalJson } from '@sekisho/evidence'
import { isEmulatedImplementation, type PreparedArmEndorsements, prepareArmEndorsements } from '@sekisho/evidence/cca'
import { keep, keptObject, NOTHING_KEPT } from './bytes.ts'
import type { EndorsementFiles, KeptCollateral, Surroundings } from './model.ts'

/** Keys and reference values of Arm platforms, ready to be used, and as they are kept. */
export interface ArmEndorsed {
  readonly endorsements: PreparedArmEndorsements
  readonly collateral: KeptCollateral
}

/** The operator's endorsements of Arm platforms; or those that were kept, to judge again as of their time. */
export function armEndorser({ options: { arm } }: Surroundings): (kept: Uint8Array | undefined) => ArmEndorsed {
  const own = {
    endorsements: prepareArmEndorsements({ ...arm }),
    collateral: arm === undefined ? NOTHING_KEPT : keep(Buffer.from(canonicalJson({ ...arm }))),
  }
  return (kept) =>
    kept === undefined ? own : { endorsements: prepareArmEndorsements(keptObject(kept)), collateral: keep(kept) }
}

/**
 * Where no emulated root is trusted, endorsements of emulated platforms are a mistake: their evidence would be refused.
 * @throws TypeError that names the implementation
 */
export function refuseEmulatedArm(arm: EndorsementFiles['arm']): void {
  const { keys, platforms } = prepareArmEndorsements({ ...arm })
  const ids = [...keys, ...platforms].map(({ implementationId = '' }) => implementationId)
  const emulated = ids.find(isEmulatedImplementation)
  if (emulated !== undefined)
    throw new TypeError(
      `arm: implementation ${emulated.slice(0, 64)} is of emulated platforms, which are trusted by being told so only`,
    )
}
