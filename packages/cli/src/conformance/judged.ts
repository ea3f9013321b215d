import { type Check, EvidenceError, type Verdict } from '@sekisho/evidence'
import type { CaseResult, Comparison, JsonValue } from './case.ts'
import { isRecord, member, textMember } from './snp-files.ts'

/** What the verification of a case's evidence came to, in the vocabulary of the cases. */
export interface Ruling {
  readonly verdict: 'valid' | 'invalid' | 'unverifiable'
  /** What a case may call the reason: every word that fits, the most particular first. */
  readonly reasons: readonly string[]
  /** Every word that is known for some refusal. Names are suggestions: one that is not among these cannot be compared. */
  readonly vocabulary?: ReadonlySet<string>
  readonly decidedBy?: string
  readonly message?: string
  /** Undefined when the evidence could not be read. */
  readonly found?: Verdict
}

/** Words for refusals: of checks by id, of unreadable evidence by error code. */
export type ReasonWords = Readonly<Record<string, readonly string[]>>

/** Runs a verification and says in the cases' words what came of it. `valid` means authentic, whatever an appraisal says. */
export async function ruling(verify: () => Verdict | Promise<Verdict>, words: ReasonWords): Promise<Ruling> {
  try {
    const found = await verify()
    return { ...rulingOf(found, words), vocabulary: vocabularyOf(words) }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return {
      vocabulary: vocabularyOf(words),
      verdict: 'invalid',
      reasons: words[error.code] ?? [error.code],
      decidedBy: error.code,
      message: error.message,
    }
  }
}

/** All words of a table. */
export function vocabularyOf(words: ReasonWords): ReadonlySet<string> {
  return new Set(Object.values(words).flat())
}

function rulingOf(found: Verdict, words: ReasonWords): Ruling {
  if (found.authenticity === 'proven') return { verdict: 'valid', reasons: [], found }
  const outcome = found.authenticity === 'refuted' ? 'fail' : 'unchecked'
  const first = checksOf(found).find((check) => check.phase === 'authenticity' && check.outcome === outcome)
  return {
    verdict: found.authenticity === 'refuted' ? 'invalid' : 'unverifiable',
    reasons: first === undefined ? [] : (words[first.id] ?? [first.id]),
    found,
    ...(first === undefined ? {} : { decidedBy: first.id, message: first.reason }),
  }
}

/** Every check of a verdict, in order. */
export function checksOf(verdict: Verdict): readonly Check[] {
  return verdict.checks.flatMap((group) => group.checks)
}

/** Whether a check passed; undefined when it was not made. */
export function holds(verdict: Verdict | undefined, id: string): boolean | undefined {
  const outcome = verdict === undefined ? undefined : checksOf(verdict).find((check) => check.id === id)?.outcome
  return outcome === 'pass' ? true : outcome === 'fail' ? false : undefined
}

/** Members of a case's `expect` besides the verdict and its reason. */
export function expectedMembers(content: JsonValue): readonly (readonly [string, JsonValue])[] {
  const expect = member(content, 'expect')
  return isRecord(expect) ? Object.entries(expect).filter(([name]) => name !== 'verdict' && name !== 'reason') : []
}

/** Paths of members of a case's `expect` that a runner does not know: nothing compares them. */
export function strangersTo(content: JsonValue, known: readonly string[]): readonly string[] {
  return expectedMembers(content).flatMap(([name]) => (known.includes(name) ? [] : [`expect.${name}`]))
}

/**
 * The result of a case from its ruling and the values that were compared. A reason that the case names must be the one
 * found, unless it is a word that stands for no refusal here: then the verdict alone is compared, and both are shown.
 */
export function conclude(
  name: string,
  content: JsonValue,
  ruled: Ruling,
  comparisons: readonly Comparison[],
  unimplemented: readonly string[],
): CaseResult {
  const expect = member(content, 'expect')
  const expectedVerdict = textMember(expect, 'verdict')
  const expectedReason = textMember(expect, 'reason')
  const reason =
    expectedReason !== undefined && ruled.reasons.includes(expectedReason) ? expectedReason : ruled.reasons[0]
  // Whoever names a reason and no verdict expects a refusal.
  const isFree =
    expectedReason !== undefined &&
    ruled.vocabulary?.has(expectedReason) === false &&
    (expectedVerdict !== undefined || ruled.verdict !== 'valid')
  const verdictHolds =
    (expectedVerdict === undefined || sameClass(expectedVerdict, ruled.verdict)) &&
    (expectedReason === undefined || reason === expectedReason || isFree)
  const different = comparisons.find((one) => !one.equal)
  const message =
    unimplemented.length > 0
      ? `nothing compares ${unimplemented.join(', ')}`
      : !verdictHolds
        ? `expected ${expectedVerdict} ${expectedReason ?? ''}, found ${ruled.verdict} ${ruled.reasons.join('/')}: ${ruled.message ?? ''}`
        : different === undefined
          ? undefined
          : `a value differs: ${different.path}`
  return {
    name,
    tee: textMember(content, 'tee') ?? '',
    outcome: unimplemented.length > 0 ? 'unsupported' : verdictHolds && different === undefined ? 'pass' : 'fail',
    expectedVerdict: expectedVerdict ?? 'none',
    actualVerdict: ruled.verdict,
    ...(expectedReason === undefined ? {} : { expectedReason }),
    ...(reason === undefined ? {} : { actualReason: reason }),
    ...(ruled.decidedBy === undefined ? {} : { decidedBy: ruled.decidedBy }),
    comparisons,
    unimplemented,
    ...(message === undefined ? {} : { message }),
  }
}

// A case's `invalid` means not proven, and `parse-only` that nothing is there to prove it with.
function sameClass(expected: string, actual: Ruling['verdict']): boolean {
  const open = expected === 'invalid' || expected === 'parse-only'
  return expected === actual || (open && actual === 'unverifiable')
}
