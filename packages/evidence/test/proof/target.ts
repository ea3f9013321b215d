import type { Claims, Verdict } from '../../src/core/verdict.ts'

/** Consecutive bytes of a part that share a meaning. */
export interface Region {
  readonly name: string
  /** First byte, and the byte behind the last. */
  readonly from: number
  readonly to: number
  /** Starts of the check ids that name this region; one of them must object. */
  readonly checks: readonly string[]
  /** Starts of the fields that an EvidenceError about this region names. */
  readonly errors?: readonly string[]
  /**
   * Why damage here changes nothing: nobody signs these bytes and nobody reads them. The verdict must
   * then stay what it was.
   */
  readonly unsigned?: string
  /** Whether damaged text still says the same: then, and only then, it may be accepted as before. */
  readonly neutral?: (damaged: Uint8Array) => boolean
  /** Left out, with the reason: damaged as a target of its own. */
  readonly elsewhere?: string
}

/** One signed part, certificate or piece of collateral of a subject, to be damaged byte by byte. */
export interface Target {
  readonly part: string
  readonly bytes: Uint8Array
  /** Parts with the same kind and the same bytes are damaged once for all subjects. */
  readonly kind: string
  /** Damaged for one subject of each kind and format in CI, whatever its bytes: it shows how a container is read. */
  readonly oncePerFormat?: true
  /** Gapless from 0 to the end. */
  readonly regions: readonly Region[]
  /** Where the part has a fixed length: starts of the check ids that name it when it is cut anywhere. */
  readonly cuts?: readonly string[]
  /**
   * The part's own decoder, where any cut part is refused by it alone. In CI every length then goes
   * through the decoder, and every fourth through the whole verification; in a soak every length does.
   */
  readonly decode?: (cut: Uint8Array) => unknown
  /** Verifies with the part replaced, everything else prepared or remembered. */
  judge(damaged: Uint8Array): Verdict<Claims>
  /** Verifies with the part replaced, through the public door, with nothing prepared and nothing remembered. */
  judgeAfresh(damaged: Uint8Array): Verdict<Claims>
}

/** A part that is one region. */
export function whole(bytes: Uint8Array, name: string, checks: readonly string[]): readonly Region[] {
  return [{ name, from: 0, to: bytes.length, checks }]
}

/** Regions one after the other, by their lengths; those of no length are left out. */
export function inRow(
  ...rows: readonly (Omit<Region, 'from' | 'to'> & { readonly length: number })[]
): readonly Region[] {
  let at = 0
  return rows.flatMap(({ length, ...row }) => {
    const from = at
    at += length
    return length > 0 ? [{ ...row, from, to: at }] : []
  })
}
