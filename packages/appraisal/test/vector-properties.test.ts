import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Check, Verdict } from '@sekisho/evidence'
import fc from 'fast-check'
import { type CompiledPolicies, compilePolicies } from '../src/policy/compile.ts'
import { appraise } from '../src/vector/appraise.ts'
import { tierOf, worstTier } from '../src/vector/tiers.ts'
import { AT, CLAIMS, verdictOf } from './kit.ts'

const IDS = [
  ...['snp.report.signature', 'snp.ark.pinned', 'snp.crl.not-revoked', 'snp.crl.present', 'snp.hardware', 'snp.debug'],
  ...[
    'snp.expect.measurement',
    'snp.expect.hardware-id',
    'snp.expect.min-tcb',
    'tdx.tcb.status',
    'tdx.tcb.not-revoked',
  ],
  ...['tdx.expect.rtmr3', 'tdx.expect.measurement', 'tpm.expect.pcrs', 'some.thing-new', 'tdx.td.debug'],
]

const check: fc.Arbitrary<Check> = fc.record({
  id: fc.constantFrom(...IDS),
  phase: fc.constantFrom('authenticity', 'appraisal'),
  source: fc.constant(''),
  outcome: fc.constantFrom('pass', 'fail', 'unchecked', 'not-applicable'),
  reason: fc.constant(''),
})

const claims = fc.record({
  debug: fc.boolean(),
  hardware: fc.boolean(),
  isolation: fc.constantFrom('process', 'vm', 'gpu', 'none'),
  tcb: fc.record({ status: fc.constantFrom('UpToDate', 'OutOfDate', 'Revoked'), components: fc.constant({}) }),
})

const flat: fc.Arbitrary<Verdict> = fc
  .record({
    outcome: fc.constantFrom('verified', 'incomplete', 'rejected'),
    authenticity: fc.constantFrom('proven', 'unproven', 'refuted'),
    emulated: fc.boolean(),
    claims,
    checks: fc.array(check, { maxLength: 12 }),
  })
  .map(({ claims: some, checks, ...rest }) =>
    verdictOf({ ...rest, claims: { ...CLAIMS, ...some }, checks: [{ id: 'all', outcome: 'pass', checks }] }),
  )

const verdicts: fc.Arbitrary<Verdict> = fc
  .tuple(flat, fc.array(flat, { maxLength: 2 }))
  .map(([whole, parts]) =>
    parts.length === 0 ? whole : { ...whole, parts: parts.map((verdict, i) => ({ name: `part-${i}`, verdict })) },
  )

const RANK = { none: 0, affirming: 1, warning: 2, contraindicated: 3 } as const
const OPTIONS = { references: ['db'], at: AT }

function all(verdict: Verdict): readonly Verdict[] {
  return [verdict, ...(verdict.parts ?? []).flatMap((part) => all(part.verdict))]
}

describe('whatever the verdict', () => {
  it('the status is no better than the worst entry, nor than the verdict', () => {
    fc.assert(
      fc.property(verdicts, (verdict) => {
        const { status, vector } = appraise(verdict, OPTIONS)
        assert.ok(RANK[status] >= RANK[worstTier(vector)])
        for (const one of all(verdict)) {
          if (one.outcome === 'rejected') assert.equal(status, 'contraindicated')
          if (one.outcome === 'incomplete') assert.ok(RANK[status] >= RANK.warning)
        }
      }),
      { numRuns: 2000 },
    )
  })
  it('emulated evidence and debug mode show, in the whole and in every part', () => {
    fc.assert(
      fc.property(verdicts, (verdict) => {
        const { vector, context, status } = appraise(verdict, OPTIONS)
        if (all(verdict).some((one) => one.emulated)) {
          assert.ok((vector.hardware ?? 0) >= 97)
          assert.equal(context.emulated, true)
          assert.equal(context.hardware, false)
        }
        if (all(verdict).some((one) => one.claims.debug)) {
          assert.equal(context.debug, true)
          assert.equal(status, 'contraindicated')
        }
      }),
      { numRuns: 2000 },
    )
  })
  it('what is not proven states nothing affirming', () => {
    fc.assert(
      fc.property(flat, (verdict) => {
        const { vector } = appraise(verdict, OPTIONS)
        if (verdict.authenticity === 'proven') return
        for (const claim of Object.values(vector)) assert.notEqual(tierOf(claim), 'affirming')
      }),
      { numRuns: 2000 },
    )
  })
})

const TEXTS = [
  'permit (principal, action, resource);',
  'permit (principal, action, resource) when { context.verdict.outcome == "rejected" };',
  'permit (principal, action, resource) unless { context.hardware };',
  'permit (principal, action, resource) when { context.vector has hardware && context.vector.hardware > 90 };',
  'permit (principal, action, resource) when { context.debug }; permit (principal, action, resource);',
]

describe('whatever the policy', () => {
  let compiled: readonly CompiledPolicies[] = []
  before(async () => {
    compiled = await Promise.all(TEXTS.map((text) => compilePolicies(text)))
  })
  it('a verdict that is not verified and proven never ends permitted, and the appraisal stays as it is', () => {
    fc.assert(
      fc.property(verdicts, fc.nat(TEXTS.length - 1), (verdict, which) => {
        const appraisal = appraise(verdict, OPTIONS)
        const before = JSON.stringify(appraisal)
        const decision = compiled[which]?.decide({
          action: 'release',
          namespace: 'default',
          resource: 'a/b/c',
          workload: 'w',
          context: appraisal.context,
        })
        assert.equal(JSON.stringify(appraisal), before)
        if (verdict.outcome === 'verified' && verdict.authenticity === 'proven') return
        assert.equal(decision?.permitted, false)
      }),
      { numRuns: 2000 },
    )
  })
})
