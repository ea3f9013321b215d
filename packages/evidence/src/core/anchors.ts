import type { TrustAnchor } from './verdict.ts'

/**
 * The roots to trust: the vendor's own, or the ones the caller named instead.
 *
 * @throws TypeError for a root that is not the vendor's and does not say `emulated: true`: evidence under it
 *   must never read as hardware's
 */
export function trustedAnchors(
  given: readonly TrustAnchor[] | undefined,
  vendor: readonly TrustAnchor[],
): readonly TrustAnchor[] {
  if (given === undefined) return vendor
  for (const one of given) {
    if (one.emulated === true || vendor.some((root) => root.spkiSha256 === one.spkiSha256)) continue
    throw new TypeError(`trustAnchors: ${one.id} is none of the vendor's roots, and must say \`emulated: true\``)
  }
  return given
}
