import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeTdx } from '@sekisho/emulator/kit'
import { verifyTdxSync } from '@sekisho/evidence/tdx'
import { lintPolicies } from '../src/lint/lint.ts'
import { compilePolicies } from '../src/policy/compile.ts'
import { PolicyError } from '../src/policy/error.ts'
import { readReferenceSet } from '../src/references/read.ts'
import { referenceWarnings } from '../src/references/warnings.ts'
import { appraise } from '../src/vector/appraise.ts'
import { AT, MEASUREMENT, requestWith, verdictOf } from './kit.ts'

const OWN = '03'.repeat(48)
const OPTIONS = { references: ['db'], at: AT }

describe('soundness, line 1: a TCB that is not up to date is never lost', () => {
  it('stays in the vector, the status and what policies see', () => {
    const { claims } = verdictOf()
    const old = verdictOf({ claims: { ...claims, tcb: { status: 'OutOfDate', components: {} } } })
    const { status, vector, context } = appraise(old, OPTIONS)
    assert.deepEqual([status, vector.hardware, context.tcb.status], ['warning', 32, 'OutOfDate'])
  })
})

describe('soundness, line 2: a register of the guest without its base has no weight', () => {
  it('in the vector, in the linter, and among reference sets', async () => {
    const { evidence, at, collateral, anchor } = makeTdx({ td: { rtmrs: [OWN, OWN, OWN, OWN] } })
    const expect = { rtmr3: [OWN], allowEmulated: true }
    const { vector } = appraise(verifyTdxSync(evidence, { at, collateral, expect, trustAnchors: [anchor] }), OPTIONS)
    assert.equal(vector.configuration, 36)
    const text =
      'permit (principal, action, resource) when { context.hardware && !context.debug && context.registers has rtmr3 && context.registers.rtmr3 == "03" };'
    assert.deepEqual(
      (await lintPolicies(text)).map(({ code }) => code),
      ['base-unpinned'],
    )
    const set = readReferenceSet({ name: 'r', tee: 'tdx', owner: 'o', values: { rtmr3: '03'.repeat(48) } })
    assert.deepEqual(
      referenceWarnings([set], { at: AT, matched: new Set(['r']) }).map(({ code }) => code),
      ['base-unpinned'],
    )
  })
})

describe('soundness, line 5: a policy cannot lift the result above its worst claim', () => {
  it('neither its status nor its vector, nor a rejected verdict into a permit', async () => {
    const policies = await compilePolicies('permit (principal, action, resource);')
    for (const change of [{ outcome: 'rejected' as const }, { authenticity: 'refuted' as const }]) {
      const { context, status } = appraise(verdictOf(change), OPTIONS)
      assert.equal(status, 'contraindicated')
      const { permitted, errors } = policies.decide({ ...requestWith(), context })
      assert.equal(permitted, false)
      assert.match(errors[0] ?? '', /no policy can permit it/)
    }
  })
})

describe('soundness, line 57: who can get this without attestation has an answer', () => {
  it('the statements that look at no evidence, by line', async () => {
    const text = `@id("checked") permit (principal, action, resource in Sekisho::Folder::"db") when { context.status == "affirming" };
@id("open") permit (principal, action, resource in Sekisho::Folder::"public");`
    const open = (await lintPolicies(text)).filter(({ code }) => code === 'no-attestation')
    assert.deepEqual(
      open.map(({ id, line }) => [id, line]),
      [['open', 2]],
    )
  })
  it('a statement about one folder permits nothing in another', async () => {
    const policies = await compilePolicies('permit (principal, action, resource in Sekisho::Folder::"public");')
    for (const resource of ['public2/a/b', 'db/public/a', 'Public/a/b']) {
      assert.equal(policies.decide(requestWith({}, { resource })).permitted, false)
    }
    assert.equal(policies.decide(requestWith({}, { resource: 'public/a/b' })).permitted, true)
  })
})

describe('soundness, line 59: values that nothing matched, claims that are misspelt', () => {
  it('are warned of, and refused', async () => {
    const set = readReferenceSet({ name: 'r', tee: 'snp', owner: 'o', values: { measurement: MEASUREMENT } })
    assert.deepEqual(
      referenceWarnings([set], { at: AT, matched: new Set() }).map(({ code }) => code),
      ['never-matched'],
    )
    for (const condition of [
      'context.prodct == "x"',
      'context has prodct',
      'context.tee == "SNP"',
      'context.tcb has advisorys',
    ]) {
      await assert.rejects(compilePolicies(`forbid (principal, action, resource) when { ${condition} };`), PolicyError)
    }
  })
})
