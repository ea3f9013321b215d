import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PolicyContext } from '../src/model.ts'
import { PolicyError } from '../src/policy/error.ts'
import { dryRun, type RecordedAppraisal } from '../src/replay/dry-run.ts'
import { type PolicyCase, testPolicies } from '../src/replay/test-policies.ts'
import { contextWith } from './kit.ts'

const POLICY = `@id("snp") permit (principal, action, resource) when { context.tee == "snp" };
@id("no-milan") forbid (principal, action, resource)
when { context has product && context.product == "Milan" };`

function recorded(id: string, permitted: boolean, change: Partial<PolicyContext> = {}): RecordedAppraisal {
  return {
    id,
    at: '2026-11-01T00:00:00.000Z',
    action: 'release',
    namespace: 'default',
    resource: 'db/password/prod',
    workload: 'w',
    context: contextWith(change),
    permitted,
  }
}

describe('a dry run', () => {
  it('names what a candidate would have refused, and what it would have permitted', async () => {
    const report = await dryRun(POLICY, [
      recorded('dec_1', true),
      recorded('dec_2', true, { product: 'Milan' }),
      recorded('dec_3', false, { tee: 'tdx' }),
      recorded('dec_4', false),
      recorded('dec_5', false, { verdict: { outcome: 'rejected', authenticity: 'proven', waived: [] } }),
    ])
    assert.equal(report.summary, 'would have refused 1 of 5, and permitted 1 that was refused')
    assert.deepEqual(
      report.refused.map(({ id, reasons }) => [id, ...reasons]),
      [['dec_2', { id: 'no-milan', effect: 'forbid', line: 2 }]],
    )
    assert.deepEqual(
      report.newlyPermitted.map(({ id }) => id),
      ['dec_4'],
    )
    assert.equal(report.permitted, 2)
  })
  it('decides at the time of each record', async () => {
    const text = 'permit (principal, action, resource) when { context.now < datetime("2026-10-01") };'
    const late = recorded('late', true, { now: '2026-01-01T00:00:00.000Z' })
    assert.equal((await dryRun(text, [late])).refused.length, 1)
  })
  it('over no records says so, and a candidate that cannot be used is refused', async () => {
    assert.equal((await dryRun(POLICY, [])).summary, 'would have refused 0 of 0')
    await assert.rejects(dryRun('permit', []), PolicyError)
  })
})

describe('tests of policies', () => {
  const permitted: PolicyCase = {
    name: 'Genoa',
    resource: 'db/password/prod',
    context: contextWith(),
    permitted: true,
    by: ['snp'],
  }
  const refused: PolicyCase = {
    name: 'Milan',
    resource: 'db/password/prod',
    context: contextWith({ product: 'Milan' }),
    permitted: false,
    by: ['no-milan'],
  }
  it('pass, and leave nothing untried', async () => {
    const report = await testPolicies(POLICY, [permitted, refused])
    assert.equal(report.passed, true)
    assert.deepEqual(report.unexercised, [])
  })
  it('name the statements, by line, that no case exercises', async () => {
    const { unexercised, statements } = await testPolicies(POLICY, [permitted])
    assert.deepEqual(unexercised, [{ id: 'no-milan', effect: 'forbid', line: 2 }])
    assert.equal(statements, 2)
  })
  it('fail when the answer or who gave it is another', async () => {
    const wrong = await testPolicies(POLICY, [{ ...refused, permitted: true }])
    assert.deepEqual([wrong.passed, wrong.cases[0]?.expected], [false, 'permitted'])
    const other = await testPolicies(POLICY, [{ ...refused, by: ['snp'] }])
    assert.deepEqual([other.passed, other.cases[0]?.expected], [false, 'decided by snp'])
  })
})
