import { canonicalJson } from '@sekisho/evidence'
import { type PreparedArmEndorsements, prepareArmEndorsements } from '@sekisho/evidence/cca'
import { keep, keptObject } from './bytes.ts'
import type { KeptCollateral, Surroundings } from './model.ts'

/** Keys and reference values of Arm platforms, ready to be used, and as they are kept. */
export interface ArmEndorsed {
  readonly endorsements: PreparedArmEndorsements
  readonly collateral: KeptCollateral
}

/** The operator's endorsements of Arm platforms; or those that were kept, to judge again as of their time. */
export function armEndorser({ options: { arm } }: Surroundings): (kept: Uint8Array | undefined) => ArmEndorsed {
  const own = {
    endorsements: prepareArmEndorsements({ ...arm }),
    collateral: keep(Buffer.from(canonicalJson({ ...arm }))),
  }
  return (kept) =>
    kept === undefined ? own : { endorsements: prepareArmEndorsements(keptObject(kept)), collateral: keep(kept) }
}
