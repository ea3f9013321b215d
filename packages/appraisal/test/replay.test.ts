import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PolicyContext } from '../src/model.ts'
import { PolicyError } from '../src/policy/error.ts'
import { dryRun, type RecordedAppraisal } from '../src/replay/dry-run.ts'
import { playCases, readPolicyCases } from '../src/replay/read-cases.ts'
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
    assert.equal(report.refused[0]?.emulated, false)
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

const notPlayed = (): Promise<never> => Promise.reject(new Error('no platform was asked for'))

function contextOf(one: object): PolicyContext {
  const [read] = readPolicyCases([one])
  assert.ok(read !== undefined && 'context' in read)
  return read.context
}

describe('cases in a file', () => {
  const milan = { name: 'Milan', resource: 'a/b/c', permitted: false, context: { tee: 'snp', product: 'Milan' } }
  it('need say only what matters', async () => {
    const cases = readPolicyCases({
      cases: [
        milan,
        { ...milan, name: 'Genoa', permitted: true, context: { tee: 'snp', tcb: { status: 'UpToDate' } } },
      ],
    })
    const report = await testPolicies(POLICY, await playCases(cases, notPlayed))
    assert.equal(report.passed, true)
    assert.ok(cases[1] !== undefined && 'context' in cases[1])
    assert.deepEqual(cases[1].context.tcb, { advisories: [], components: {}, status: 'UpToDate' })
  })
  const wrong: readonly (readonly [change: object, field: RegExp])[] = [
    [{ permitted: 'yes' }, /^cases\[0\]\.permitted/],
    [{ permited: true }, /^cases\[0\]: there is no member "permited"/],
    [{ name: '' }, /^cases\[0\]\.name/],
    [{ action: 'steal' }, /^cases\[0\]\.action/],
    [{ by: [1] }, /^cases\[0\]\.by/],
    [{ context: {} }, /^cases\[0\]\.context\.tee/],
    [{ context: { tee: 'sev-snp' } }, /^cases\[0\]\.context\.tee: expected one of/],
    [{ context: { tee: 'snp', prodct: 'Milan' } }, /there is no claim "prodct"; did you mean product\?/],
    [{ context: { tee: 'snp', tcb: { status: 1 } } }, /^cases\[0\]\.context\.tcb\.status: expected text/],
    [{ context: { tee: 'snp', tcb: 'new' } }, /there is no claim "tcb"/],
    [{ context: { tee: 'snp', now: 'soon' } }, /\.now: expected a time/],
    [{ context: { tee: 'snp', references: 'db' } }, /\.references: expected a list/],
    [{ context: { tee: 'snp', debug: 'no' } }, /\.debug: expected true or false/],
    [{ context: { tee: 'snp', svn: 1.5 } }, /\.svn: expected a whole number/],
  ]
  for (const [change, field] of wrong) {
    it(`are refused with ${JSON.stringify(change)}`, () => {
      assert.throws(
        () => readPolicyCases([{ ...milan, ...change }]),
        (error) => error instanceof TypeError && field.test(error.message),
      )
    })
  }
  it('may name a platform, whose evidence gives the claims', async () => {
    const { context: _, ...rest } = milan
    const platform = { kind: 'snp', product: 'Milan', measurement: 'ab', debug: true }
    const written = readPolicyCases([
      { ...rest, platform },
      { ...rest, platform: { kind: 'tdx' }, known: false },
      milan,
    ])
    const asked: unknown[] = []
    const cases = await playCases(written, async (...of) => {
      asked.push(of)
      return { context: { ...contextOf(milan), product: 'played' } }
    })
    assert.deepEqual(asked, [
      [platform, true, 'a/b/c'],
      [{ kind: 'tdx' }, false, 'a/b/c'],
    ])
    assert.deepEqual(
      cases.map((one) => [one.context.product, 'platform' in one, 'known' in one]),
      [
        ['played', false, false],
        ['played', false, false],
        ['Milan', false, false],
      ],
    )
    await assert.rejects(
      playCases(written, () => Promise.reject(new TypeError('there is no emulated snp'))),
      /^TypeError: cases\[0\]\.platform: there is no emulated snp$/,
    )
  })
  const wrongPlatforms: readonly (readonly [change: object, field: RegExp])[] = [
    [{ platform: undefined }, /^cases\[0\]: expected either `platform` or `context`/],
    [{ context: milan.context }, /^cases\[0\]: expected either/],
    [{ platform: 'snp' }, /^cases\[0\]\.platform: expected an object with a `kind`/],
    [
      { platform: { kind: 'snp', produkt: 'Milan' } },
      /\.platform: there is no member "produkt"; known are kind, product/,
    ],
    [{ platform: { kind: 'snp', debug: 'yes' } }, /\.platform\.debug: expected true or false/],
    [{ platform: { kind: 'snp', measurement: 5 } }, /\.platform\.measurement: expected text/],
    [{ known: 1 }, /^cases\[0\]\.known: expected true or false/],
    [{ platform: undefined, context: milan.context, known: true }, /^cases\[0\]\.known: .* there is none/],
  ]
  for (const [change, field] of wrongPlatforms) {
    it(`on platforms are refused with ${JSON.stringify(change)}`, () => {
      const { context: _, ...rest } = milan
      assert.throws(
        () => readPolicyCases([{ ...rest, platform: { kind: 'snp' }, ...change }]),
        (error) => error instanceof TypeError && field.test(error.message),
      )
    })
  }
  it('are a list', () => {
    assert.throws(() => readPolicyCases({ tests: [] }), /^TypeError: cases: expected a list/)
  })
})
