import type { Check, Outcome, Verdict } from '@sekisho/evidence'
import { allChecks, layerOf } from '../../../map/model.ts'

/** Questions to ask of evidence, in the order in which one answer rests on the one before. */
export const CHAPTERS = ['what', 'who', 'current', 'runs', 'fresh', 'say'] as const

/** One of {@link CHAPTERS}. */
export type ChapterId = (typeof CHAPTERS)[number]

/** A question, and what was checked to answer it. */
export interface Chapter {
  readonly id: ChapterId
  /** What failed first, then what nobody looked at, then the rest. */
  readonly checks: readonly Check[]
  readonly standing: Outcome
}

/** Words in ids of checks that are about the time and about revocation, whatever layer they are of. */
const CURRENCY =
  /(^|[.-])(crl|ocsp|revocation|not-revoked|not-before|not-after|validity|expiry|expired|expires|issued)([.-]|$)|\.current$/

/** Sorts the checks of a verdict, those of its parts too, under the questions. Each but those of `say` stands once. */
export function chaptersOf(verdict: Verdict): readonly Chapter[] {
  const checks = allChecks(verdict).filter(({ outcome }) => outcome !== 'not-applicable')
  return CHAPTERS.map((id) => {
    const own = checks.filter((check) => (id === 'say' ? isToSay(check) : chapterOf(check) === id)).toSorted(byWeight)
    return { id, checks: own, standing: standingOf(own, id) }
  })
}

/** The question that a check answers. */
export function chapterOf(check: Pick<Check, 'id' | 'phase'>): ChapterId {
  if (CURRENCY.test(check.id)) return 'current'
  switch (layerOf(check)) {
    case 'silicon':
      return 'who'
    case 'firmware':
      return 'current'
    case 'conversation':
      return 'fresh'
    default:
      return 'runs'
  }
}

/** Not made because whoever relies on the evidence has not said what to expect, or has not given what it takes. */
function isToSay({ outcome, waived, blockedBy, remedy }: Check): boolean {
  return outcome === 'unchecked' && waived !== true && blockedBy === undefined && remedy?.by === 'relying-party'
}

function standingOf(checks: readonly Check[], id: ChapterId): Outcome {
  if (checks.some(({ outcome }) => outcome === 'fail')) return 'fail'
  if (checks.some(({ outcome, waived }) => outcome === 'unchecked' && waived !== true)) return 'unchecked'
  // What the bytes are was recognised before anything was checked; with nothing left to say, all was said.
  return checks.length > 0 || id === 'what' || id === 'say' ? 'pass' : 'not-applicable'
}

const WEIGHTS: Readonly<Record<Outcome, number>> = { fail: 0, unchecked: 1, pass: 3, 'not-applicable': 4 }

function byWeight(a: Check, b: Check): number {
  return weight(a) - weight(b)
}

function weight({ outcome, blockedBy }: Check): number {
  return WEIGHTS[outcome] + (blockedBy === undefined ? 0 : 1)
}
