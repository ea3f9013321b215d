import type { WorldState } from '../state.ts'

/** Server generations that an emulated Intel machine can be of. */
export type IntelProduct = 'Ice Lake' | 'Sapphire Rapids' | 'Emerald Rapids' | 'Granite Rapids'

/** FMSPC of each generation: family, model, stepping, platform type, custom SKU; in hex. */
export const FAMILIES: Readonly<Record<IntelProduct, string>> = {
  'Ice Lake': '00606a000000',
  'Sapphire Rapids': '00806f050000',
  'Emerald Rapids': '90c06f000000',
  'Granite Rapids': '20a06d080000',
}

/** Families that the certification service of this world knows. */
export function knownFamilies({ intel }: WorldState): readonly string[] {
  return [...Object.values(FAMILIES), ...intel.families]
}
