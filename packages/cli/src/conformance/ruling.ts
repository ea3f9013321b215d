import { type Check, EvidenceError, type Verdict } from '@sekisho/evidence'

/** What the verification of a case's evidence came to, in the vocabulary of the cases. */
export interface Ruling {
  readonly verdict: 'valid' | 'invalid' | 'unverifiable' | 'parse-only' | 'none'
  /** What a case may call the reason: every word that fits, the most particular first. */
  readonly reasons: readonly string[]
  /** Every word that is known for some refusal. Names are suggestions: one that is not among these cannot be compared. */
  readonly vocabulary?: ReadonlySet<string>
  readonly decidedBy?: string
  readonly message?: string
  /** Undefined when the evidence could not be read. */
  readonly found?: Verdict
}

/** Of a case without evidence whose signature could be judged. */
export const NOT_JUDGED: Ruling = { verdict: 'unverifiable', reasons: [] }

/** Words for refusals: of checks by id, of unreadable evidence by error code. */
export type ReasonWords = Readonly<Record<string, readonly string[]>>

/**
 * Runs a verification and says in the cases' words what came of it. `valid` means authentic, whatever an appraisal says.
 *
 * @param rule how to say it, where a kind of evidence has its own way
 */
export function ruling(verify: () => Verdict | Promise<Verdict>, words: ReasonWords): Promise<Ruling>
export function ruling<T>(verify: () => T | Promise<T>, words: ReasonWords, rule: (found: T) => Ruling): Promise<Ruling>
export async function ruling<T extends Verdict>(
  verify: () => T | Promise<T>,
  words: ReasonWords,
  rule: (found: T) => Ruling = (found) => rulingOf(found, words),
): Promise<Ruling> {
  const vocabulary = vocabularyOf(words)
  try {
    return { vocabulary, ...rule(await verify()) }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const { code, message } = error
    return { vocabulary, verdict: 'invalid', reasons: words[code] ?? [code], decidedBy: code, message }
  }
}

/** All words of a table. */
export function vocabularyOf(words: ReasonWords): ReadonlySet<string> {
  return new Set(Object.values(words).flat())
}

function rulingOf(found: Verdict, words: ReasonWords): Ruling {
  if (found.authenticity === 'proven') return { verdict: 'valid', reasons: [], found }
  const isRefuted = found.authenticity === 'refuted'
  const outcome = isRefuted ? 'fail' : 'unchecked'
  const first = checksOf(found).find((check) => check.phase === 'authenticity' && check.outcome === outcome)
  return { ...ruledBy(isRefuted ? 'invalid' : 'unverifiable', first, words), found }
}

/** A ruling for the reason of one check. */
export function ruledBy(verdict: Ruling['verdict'], check: Check | undefined, words: ReasonWords): Ruling {
  return check === undefined
    ? { verdict, reasons: [] }
    : { verdict, reasons: words[check.id] ?? [check.id], decidedBy: check.id, message: check.reason }
}

/** Every check of a verdict or a judgement, in order. */
export function checksOf({ checks }: Pick<Verdict, 'checks'>): readonly Check[] {
  return checks.flatMap((group) => group.checks)
}

/** Whether a check is open by itself: neither waived, nor left because of another. */
export function isOpen({ phase, outcome, waived, blockedBy }: Check): boolean {
  return phase === 'authenticity' && outcome === 'unchecked' && waived !== true && blockedBy === undefined
}

/** Whether a check passed; undefined when it was not made. */
export function holds(verdict: Verdict | undefined, id: string): boolean | undefined {
  const outcome = verdict === undefined ? undefined : checksOf(verdict).find((check) => check.id === id)?.outcome
  return outcome === 'pass' ? true : outcome === 'fail' ? false : undefined
}
