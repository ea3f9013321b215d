import type { Check, CheckGroup, Finding, Outcome, Party, Phase, Remedy, VerdictOutcome } from './verdict.ts'

/**
 * One line of a vendor's verification order, as data. `S` is what the parse and the settled
 * cryptography have put on the table.
 */
export interface Step<S> {
  readonly id: string
  /** For TEEs without a catalogue of titles. */
  readonly title?: string
  readonly phase: Phase
  readonly source: string
  /** Steps that must have passed (or not apply) for this one to mean anything. */
  readonly needs?: readonly string[]
  /**
   * True where a relying party may decide to go without. Signatures, chains and bindings are never
   * waivable: a verdict without them is about nothing.
   */
  readonly waivable?: true
  check(state: S): Finding
}

/** Steps that belong together, in order. */
export interface StepGroup<S> {
  readonly id: string
  /** For TEEs without a catalogue of titles. */
  readonly title?: string
  readonly steps: readonly Step<S>[]
}

type Details = Omit<Finding, 'outcome' | 'reason' | 'remedy'>

/** The check holds. Without a reason: what the check establishes, as the TEE's catalogue words it. */
export function pass(reason: string = PASSED.reason, details?: Details): Finding {
  if (details === undefined) return reason === PASSED.reason ? PASSED : { outcome: 'pass', reason }
  // Member by member: copying with a spread costs more than most checks do.
  const { expected, actual, anchor } = details
  const finding: { -readonly [K in keyof Finding]: Finding[K] } = { outcome: 'pass', reason }
  if (expected !== undefined) finding.expected = expected
  if (actual !== undefined) finding.actual = actual
  if (anchor !== undefined) finding.anchor = anchor
  return finding
}

// Most checks that hold say nothing of their own.
const PASSED: Finding = Object.freeze({ outcome: 'pass', reason: 'it is so' })

/** The check does not hold. `remedy` is not optional: whoever reads a refusal must learn what would mend it. */
export function fail(reason: string, remedy: Remedy, details?: Details): Finding {
  return { outcome: 'fail', reason, ...details, remedy }
}

/** The check is relevant and could not be made; `remedy` says what was missing. */
export function unchecked(reason: string, remedy: Remedy, details?: Details): Finding {
  return { outcome: 'unchecked', reason, ...details, remedy }
}

/** This evidence has nothing to check here. */
export function notApplicable(reason: string): Finding {
  return { outcome: 'not-applicable', reason }
}

/** A remedy: what would mend a check, and who can do it. */
export function mend(action: string, by: Party = 'relying-party'): Remedy {
  return { action, by }
}

/** Remedy of every forged or damaged part: it cannot be mended. */
export const REPLACE_EVIDENCE: Remedy = mend(
  'nothing mends this evidence: ask for new evidence, and treat the sender as hostile if it happens again',
  'nobody',
)

/** What the loop over the steps found. */
export interface Judgement {
  readonly outcome: VerdictOutcome
  readonly authenticity: 'proven' | 'unproven' | 'refuted'
  readonly checks: readonly CheckGroup[]
  readonly waived: readonly string[]
}

/**
 * Runs every step of every group, records every outcome and marks what could not be reached. Nothing
 * ends the loop early: a verdict lists what else is wrong.
 *
 * @throws TypeError when `waive` names a step that does not exist or must not be waived: a misspelt
 *   waiver must not pass for a decision.
 */
export function judge<S>(groups: readonly StepGroup<S>[], state: S, waive: readonly string[] = []): Judgement {
  const { ids, waivable, planned, records } = planOf<S>(groups)
  assertWaivable(ids, waivable, waive)
  const outcomes: Outcome[] = []
  const waived: string[] = []
  const checks: CheckGroup[] = []
  let overall: Outcome = 'not-applicable'
  let proof: Outcome = 'not-applicable'
  for (const { id, title, steps } of groups) {
    let worst: Outcome = 'not-applicable'
    const made: Check[] = []
    for (const _ of steps) {
      const at = outcomes.length
      const step = planned[at] as Planned<S>
      const finding = reach(step, state, planned, outcomes)
      const isWaived = finding.outcome === 'unchecked' && finding.blockedBy === undefined && waive.includes(step.id)
      if (isWaived) waived.push(step.id)
      const effective = isWaived ? 'not-applicable' : finding.outcome
      outcomes.push(finding.outcome)
      worst = worse(worst, effective)
      if (step.phase === 'authenticity') proof = worse(proof, effective)
      made.push(recordOnce(step, finding, isWaived, records, at))
    }
    overall = worse(overall, worst)
    checks.push(
      title === undefined ? { id, outcome: worst, checks: made } : { id, title, outcome: worst, checks: made },
    )
  }
  return {
    outcome: outcomeOf(overall),
    authenticity: proof === 'fail' ? 'refuted' : proof === 'unchecked' ? 'unproven' : 'proven',
    checks,
    waived,
  }
}

/**
 * An earlier judgement, with some steps of one of its groups made again: for a state that differs from the earlier one
 * in nothing that the others read. They are of the appraisal, and no other step needs them.
 *
 * @param again that group alone, with those steps alone, which need none
 */
export function rejudge<S>(
  earlier: Judgement,
  again: readonly [StepGroup<S>],
  state: S,
  waive: readonly string[] = [],
): Judgement {
  const [{ steps }] = again
  const own = waive.filter((id) => steps.some((step) => step.id === id))
  const [made] = judge(again, state, own).checks as readonly [CheckGroup]
  let overall: Outcome = 'not-applicable'
  const waived: string[] = []
  const checks = earlier.checks.map((group) => {
    const now = group.id === made.id ? renewed(group, made.checks) : group
    overall = worse(overall, now.outcome)
    for (const check of now.checks) if (check.waived === true) waived.push(check.id)
    return now
  })
  return { ...earlier, outcome: outcomeOf(overall), checks, waived }
}

function renewed(group: CheckGroup, made: readonly Check[]): CheckGroup {
  let outcome: Outcome = 'not-applicable'
  const checks = group.checks.map((check) => {
    const now = made.find(({ id }) => id === check.id) ?? check
    if (now.waived !== true) outcome = worse(outcome, now.outcome)
    return now
  })
  return { ...group, outcome, checks }
}

function outcomeOf(worst: Outcome): VerdictOutcome {
  return worst === 'fail' ? 'rejected' : worst === 'unchecked' ? 'incomplete' : 'verified'
}

/** Whether the step `id` of `groups` passed. */
export function hasPassed<S>(groups: readonly StepGroup<S>[], { checks }: Judgement, id: string): boolean {
  let at = planOf(groups).ids.indexOf(id)
  for (const group of checks) {
    if (at < group.checks.length) return group.checks[at]?.outcome === 'pass'
    at -= group.checks.length
  }
  return false
}

/** A step as the loop wants it: each with the same members in the same order, which makes them quick to find. */
interface Planned<S> extends Pick<Step<S>, 'id' | 'phase' | 'source' | 'check'> {
  readonly title: string | undefined
  /** Positions of the steps that it needs. */
  readonly after: readonly number[]
}

/** What is the same for every judgement by the same groups, by position of the step. */
interface Plan<S> {
  readonly ids: readonly string[]
  readonly waivable: readonly string[]
  readonly planned: readonly Planned<S>[]
  /** Records that are likely to be made again. */
  readonly records: (Check | undefined)[]
}

const PLANS: WeakMap<object, Plan<unknown>> = new WeakMap()

function planOf<S>(groups: readonly StepGroup<S>[]): Plan<S> {
  const known = PLANS.get(groups)
  if (known !== undefined) return known
  const ids = stepIds(groups)
  const position = (step: Step<S>, at: number, need: string): number => {
    const found = ids.indexOf(need)
    if (found >= 0 && found < at) return found
    throw new Error(`step ${step.id} needs ${need}, which does not come before it`)
  }
  const planned = groups
    .flatMap(({ steps }) => steps)
    .map((step, at): Planned<S> => {
      const { id, title, phase, source, needs = [], check } = step
      const after = needs.map((need) => position(step, at, need))
      return { id, title, phase, source, after, check }
    })
  const plan: Plan<S> = { ids, waivable: stepIds(groups, 'waivable'), planned, records: [] }
  PLANS.set(groups, plan)
  return plan
}

/** Ids of all steps, in order; with `waivable` those that a caller may waive. */
export function stepIds<S>(groups: readonly StepGroup<S>[], which: 'all' | 'waivable' = 'all'): readonly string[] {
  return groups.flatMap((group) =>
    group.steps.filter((step) => which === 'all' || step.waivable === true).map((step) => step.id),
  )
}

function assertWaivable(ids: readonly string[], waivable: readonly string[], waive: readonly string[]): void {
  for (const id of waive) {
    if (waivable.includes(id)) continue
    throw new TypeError(
      ids.includes(id)
        ? `the check ${id} cannot be waived: a verdict without it would say nothing`
        : `there is no check ${id} to waive; these can be waived: ${waivable.join(', ')}`,
    )
  }
}

interface Reached extends Finding {
  readonly blockedBy?: string
}

function reach<S>(step: Planned<S>, state: S, planned: readonly Planned<S>[], outcomes: readonly Outcome[]): Reached {
  for (const at of step.after) {
    const outcome = outcomes[at]
    if (outcome !== 'fail' && outcome !== 'unchecked') continue
    const blockedBy = (planned[at] as Planned<S>).id
    const what = outcome === 'fail' ? 'failed' : 'was not checked'
    return { outcome: 'unchecked', reason: `not reached: ${blockedBy} ${what}`, blockedBy }
  }
  return step.check(state)
}

// Most checks pass with the same words and values each time: their record is made once, frozen, and shared between verdicts.
function recordOnce<S>(
  step: Planned<S>,
  finding: Reached,
  isWaived: boolean,
  records: (Check | undefined)[],
  at: number,
): Check {
  const { outcome } = finding
  if (outcome !== 'pass' && outcome !== 'not-applicable') return record(step, finding, isWaived)
  const known = records[at]
  if (known !== undefined && saysTheSame(known, finding)) return known
  const made = Object.freeze(record(step, finding, isWaived))
  records[at] = made
  return made
}

function saysTheSame(known: Check, { outcome, reason, expected, actual, anchor }: Finding): boolean {
  return (
    known.outcome === outcome &&
    known.reason === reason &&
    known.expected === expected &&
    known.actual === actual &&
    known.anchor === anchor
  )
}

function record<S>(step: Planned<S>, finding: Reached, isWaived: boolean): Check {
  const { id, phase, source } = step
  const { outcome, reason } = finding
  const check: { -readonly [K in keyof Check]: Check[K] } = { id, phase, source, outcome, reason }
  if (step.title !== undefined) check.title = step.title
  if (finding.expected !== undefined) check.expected = finding.expected
  if (finding.actual !== undefined) check.actual = finding.actual
  if (finding.anchor !== undefined) check.anchor = finding.anchor
  if (finding.remedy !== undefined) check.remedy = finding.remedy
  if (finding.blockedBy !== undefined) check.blockedBy = finding.blockedBy
  if (isWaived) check.waived = true
  return check
}

function worse(a: Outcome, b: Outcome): Outcome {
  return rank(a) < rank(b) ? b : a
}

// Not a table: looking up a member by its name takes longer than comparing it.
function rank(outcome: Outcome): number {
  return outcome === 'pass' ? 1 : outcome === 'not-applicable' ? 0 : outcome === 'unchecked' ? 2 : 3
}
