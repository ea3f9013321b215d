import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  fail,
  judge,
  notApplicable,
  pass,
  type Step,
  type StepGroup,
  stepIds,
  unchecked,
} from '../../src/core/engine.ts'
import type { Finding, Outcome, Phase } from '../../src/core/verdict.ts'

interface Drawn {
  readonly outcome: Outcome
  readonly phase: Phase
  readonly waivable: boolean
  readonly waived: boolean
  /** Picks steps before it, by position from the start, modulo their number. */
  readonly needs: readonly number[]
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  outcome: fc.constantFrom<Outcome>('pass', 'pass', 'pass', 'fail', 'unchecked', 'not-applicable'),
  phase: fc.constantFrom<Phase>('authenticity', 'appraisal'),
  waivable: fc.boolean(),
  waived: fc.boolean(),
  needs: fc.array(fc.nat(50), { maxLength: 3 }),
})

const REMEDY = { action: 'do something about it', by: 'relying-party' } as const

function finding(outcome: Outcome): Finding {
  if (outcome === 'pass') return pass('it holds')
  if (outcome === 'fail') return fail('it does not hold', REMEDY)
  return outcome === 'unchecked' ? unchecked('it was not made', REMEDY) : notApplicable('there is nothing to check')
}

const idOf = (i: number): string => `test.${i}`
const needsOf = ({ needs }: Drawn, i: number): readonly number[] => (i === 0 ? [] : needs.map((need) => need % i))

function groupsOf(list: readonly Drawn[], size: number): readonly StepGroup<null>[] {
  const steps = list.map(
    (one, i): Step<null> => ({
      id: idOf(i),
      title: 'a check',
      phase: one.phase,
      source: 'nowhere',
      needs: needsOf(one, i).map(idOf),
      ...(one.waivable ? { waivable: true } : {}),
      check: () => finding(one.outcome),
    }),
  )
  const groups: StepGroup<null>[] = []
  for (let i = 0; i < steps.length; i += size)
    groups.push({ id: `group.${i}`, title: 'a group', steps: steps.slice(i, i + size) })
  return groups
}

/** What becomes of each check, worked out anew: blocked by the first need that neither passed nor was without object. */
function expected(
  list: readonly Drawn[],
): readonly { readonly outcome: Outcome; readonly blocked: boolean; readonly waived: boolean }[] {
  const outcomes: Outcome[] = []
  return list.map((one, i) => {
    const blocked = needsOf(one, i).some((need) => outcomes[need] === 'fail' || outcomes[need] === 'unchecked')
    const outcome = blocked ? 'unchecked' : one.outcome
    outcomes.push(outcome)
    return { outcome, blocked, waived: !blocked && outcome === 'unchecked' && one.waivable && one.waived }
  })
}

const lists = fc.array(drawn, { maxLength: 24 })

describe('judge, for any list of steps', () => {
  const runs = { numRuns: 3000 }
  it('says verified only when nothing failed and every unmade check was waived by name', () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 6 }), (list, size) => {
        const model = expected(list)
        const waive = list.flatMap((one, i) => (one.waivable && one.waived ? [idOf(i)] : []))
        const judgement = judge(groupsOf(list, size), null, waive)
        const failed = model.some((one) => one.outcome === 'fail')
        const open = model.some((one) => one.outcome === 'unchecked' && !one.waived)
        assert.equal(judgement.outcome, failed ? 'rejected' : open ? 'incomplete' : 'verified')
        const authentic = model.filter((_, i) => list[i]?.phase === 'authenticity')
        const refuted = authentic.some((one) => one.outcome === 'fail')
        const unproven = authentic.some((one) => one.outcome === 'unchecked' && !one.waived)
        assert.equal(judgement.authenticity, refuted ? 'refuted' : unproven ? 'unproven' : 'proven')
        if (judgement.outcome === 'verified') assert.equal(judgement.authenticity, 'proven')
      }),
      runs,
    )
  })
  it('records every check once, in order, and marks those that could not be reached', () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 6 }), (list, size) => {
        const groups = groupsOf(list, size)
        const waive = list.flatMap((one, i) => (one.waivable && one.waived ? [idOf(i)] : []))
        const { checks, waived } = judge(groups, null, waive)
        const made = checks.flatMap((group) => group.checks)
        const model = expected(list)
        assert.deepEqual(
          made.map((one) => one.id),
          stepIds(groups),
        )
        assert.deepEqual(
          made.map((one) => one.outcome),
          model.map((one) => one.outcome),
        )
        assert.deepEqual(
          made.map((one) => one.blockedBy !== undefined),
          model.map((one) => one.blocked),
        )
        assert.deepEqual(
          made.map((one) => one.waived === true),
          model.map((one) => one.waived),
        )
        assert.deepEqual(
          waived,
          made.flatMap((one) => (one.waived === true ? [one.id] : [])),
        )
      }),
      runs,
    )
  })
  it('gives no waiver for what must not be waived, or does not exist', () => {
    fc.assert(
      fc.property(lists, fc.nat(30), (list, i) => {
        const id = idOf(i)
        const waivable = list[i]?.waivable === true
        if (waivable) assert.doesNotThrow(() => judge(groupsOf(list, 3), null, [id]))
        else assert.throws(() => judge(groupsOf(list, 3), null, [id]), TypeError)
      }),
      runs,
    )
  })
  it('never gets better by a check more that does not pass', () => {
    const rank = { verified: 2, incomplete: 1, rejected: 0 } as const
    fc.assert(
      fc.property(lists, drawn, (list, more) => {
        const waive = list.flatMap((one, i) => (one.waivable && one.waived ? [idOf(i)] : []))
        const before = judge(groupsOf(list, 4), null, waive)
        const after = judge(groupsOf([...list, more], 4), null, waive)
        assert.ok(rank[after.outcome] <= rank[before.outcome])
      }),
      runs,
    )
  })
})
