import { type Check, canonicalJson, type TrustAnchor, type Verdict } from '@sekisho/evidence'
import { isRecord } from '../json.ts'

/**
 * In what a verdict says less, or another thing, than one that was recorded: outcomes, checks and claims. Sentences do not
 * count, nor does what another version of this program finds beside: a further check that passes, a further claim.
 *
 * @returns plain sentences, the weightiest first
 */
export function verdictDifferences(recorded: Verdict, now: Verdict): readonly string[] {
  return [
    ...changed('the outcome', recorded.outcome, now.outcome),
    ...changed('authenticity', recorded.authenticity, now.authenticity),
    ...changed('emulated', String(recorded.emulated), String(now.emulated)),
    ...checkDifferences(recorded, now),
    ...claimDifferences(recorded.claims, now.claims, 'claims', 0),
    ...partDifferences(recorded, now),
  ]
}

function changed(what: string, was: string, is: string): readonly string[] {
  return was === is ? [] : [`${what} was ${was}, and is ${is}`]
}

function checksOf({ checks }: Verdict): ReadonlyMap<string, Check> {
  return new Map(checks.flatMap((group) => group.checks).map((check) => [check.id, check]))
}

function checkDifferences(recorded: Verdict, now: Verdict): readonly string[] {
  const [before, after] = [checksOf(recorded), checksOf(now)]
  const told = [...before].flatMap(([id, { outcome }]) => changed(id, outcome, after.get(id)?.outcome ?? 'not made'))
  const further = [...after.values()].filter(({ id, outcome }) => outcome === 'fail' && !before.has(id))
  return [...told, ...further.map(({ id }) => `${id} was not made then, and fails`)]
}

const MAX_DEPTH = 8

/** Whatever was claimed then must be claimed now; a verdict's claims are a few levels deep. */
function claimDifferences(was: unknown, is: unknown, name: string, depth: number): readonly string[] {
  if (!isRecord(was) || !isRecord(is) || depth === MAX_DEPTH)
    return textOf(was) === textOf(is) ? [] : [`${name} differ from those recorded`]
  return Object.entries(was).flatMap(([member, value]) =>
    claimDifferences(value, is[member], `${name}.${member}`, depth + 1),
  )
}

function textOf(value: unknown): string {
  return value === undefined ? '' : canonicalJson(value)
}

function partDifferences({ parts: before = [] }: Verdict, { parts: after = [] }: Verdict): readonly string[] {
  return before.flatMap(({ name, verdict }) => {
    const now = after.find((part) => part.name === name)
    if (now === undefined) return [`${name} was judged then, and is not`]
    return verdictDifferences(verdict, now.verdict).map((difference) => `${name}: ${difference}`)
  })
}

/** Id of a root that a recorded verdict rests on, or a part of it, and that the same evidence was not found to rest on now. */
export function untrustedRoot(recorded: Verdict, now: Verdict): string | undefined {
  const found = new Set(rootsOf(now).map(({ spkiSha256 }) => spkiSha256))
  return rootsOf(recorded).find(({ spkiSha256 }) => !found.has(spkiSha256))?.id
}

function rootsOf({ anchors, parts = [] }: Verdict): readonly TrustAnchor[] {
  return [...anchors, ...parts.flatMap(({ verdict }) => rootsOf(verdict))]
}
