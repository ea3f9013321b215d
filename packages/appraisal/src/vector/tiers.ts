import type { Tier, TrustCategory, TrustVector } from '../model.ts'

/** The eight categories in the order of their numbers in CBOR (AR4SI, section 2.3). */
export const TRUST_CATEGORIES: readonly TrustCategory[] = [
  'instance-identity',
  'configuration',
  'executables',
  'file-system',
  'hardware',
  'runtime-opaque',
  'storage-opaque',
  'sourced-data',
]

const SEVERITY: Readonly<Record<Tier, number>> = { none: 0, affirming: 1, warning: 2, contraindicated: 3 }

/**
 * The tier of one AR4SI claim (AR4SI, section 2.3.1). A number that is no signed 8-bit integer is
 * contraindicated: what cannot be understood is not good.
 */
export function tierOf(value: number): Tier {
  if (!Number.isInteger(value) || value < -128 || value > 127) return 'contraindicated'
  if (value >= -1 && value <= 1) return 'none'
  const size = value < 0 ? -value : value
  if (value < 0) return size <= 32 ? 'affirming' : size <= 96 ? 'warning' : 'contraindicated'
  return size <= 31 ? 'affirming' : size <= 95 ? 'warning' : 'contraindicated'
}

/** The tier of the worst entry; `none` for a vector that states nothing. */
export function worstTier(vector: TrustVector): Tier {
  return TRUST_CATEGORIES.map((category) => tierOf(vector[category] ?? 0)).reduce(worseTier, 'none')
}

/** The worse of two tiers; `none` is worse than nothing, for a claim that is not made lowers no status. */
export function worseTier(a: Tier, b: Tier): Tier {
  return SEVERITY[a] >= SEVERITY[b] ? a : b
}

/** The worse of two claims of one category: by tier, then a standard one before a private one, then the higher number. */
export function worseClaim(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const difference = SEVERITY[tierOf(a)] - SEVERITY[tierOf(b)]
  if (difference !== 0) return difference > 0 ? a : b
  if (a < 0 !== b < 0) return a < 0 ? b : a
  return Math.abs(a) >= Math.abs(b) ? a : b
}
