import type { EndorsementBundle } from './bundle.ts'
import type { CollateralSource } from './types.ts'

const MAX_OTHER_DAYS = 16

/**
 * Where collateral may come from, in order: the newest that any of the given bundles holds for the time, the network if it
 * may be asked, and last what the bundles hold for another time, so that a verdict says "expired" rather than "missing".
 *
 * @returns undefined when there is nowhere to ask
 */
export async function sourceFor(
  bundles: readonly EndorsementBundle[],
  network: CollateralSource | undefined,
  at: Date,
): Promise<CollateralSource | undefined> {
  if (bundles.length === 0) return network
  const [{ bundleSource }, { chainSources }] = await Promise.all([import('./select.ts'), import('./chain.ts')])
  const items = bundles.flatMap((bundle) => bundle.items)
  const current = bundleSource({ items, unknown: [] }, at)
  const other = bundles.flatMap((bundle) => lastDays(bundle).map((day) => bundleSource(bundle, day)))
  return chainSources(current, ...(network === undefined ? [] : [network]), ...other)
}

/** The last moments at which items of a bundle are valid, the latest first. */
function lastDays({ items }: EndorsementBundle): readonly Date[] {
  const ends = items.map((item) => (item.kind === 'intel-pck' ? item.certificate : item.collateral).window.to)
  return [...new Set(ends)]
    .sort((a, b) => b - a)
    .slice(0, MAX_OTHER_DAYS)
    .map((end) => new Date(end))
}

/**
 * The first answer; what a source has not got is passed over.
 *
 * @param onMissing told every `not-found`, in words, when there is no answer
 * @throws CollateralError the last one that is worse than `not-found`, when there is no answer
 */
export async function firstFound<T>(
  asks: readonly (() => Promise<T>)[],
  onMissing: (what: string) => void = () => undefined,
): Promise<T | undefined> {
  let worst: unknown
  const missing = new Set<string>()
  for (const ask of asks) {
    try {
      return await ask()
    } catch (error) {
      if (!isCollateralError(error)) throw error
      if (error.code !== 'not-found') worst = error
      else missing.add(error.message)
    }
  }
  if (worst !== undefined) throw worst
  if (missing.size > 0) onMissing([...missing].join('; '))
  return undefined
}

/** Whether an error is a CollateralError; asked by name, so that the network code is not loaded for it. */
export function isCollateralError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && error.name === 'CollateralError' && 'code' in error && typeof error.code === 'string'
}
