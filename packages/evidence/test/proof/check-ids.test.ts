import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeTdx } from '@sekisho/emulator/kit'
import { canonicalJson } from '../../src/core/canonical.ts'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import { sgxCatalogue } from '../../src/sgx/index.ts'
import { prepareEventLog, tdxCatalogue } from '../../src/tdx/index.ts'
import { assertVerified, checkOf, checksOf, failing, judgeSgx, judgeTdx } from '../soundness/kit.ts'
import { INTEL_IDS, SGX_IDS, TDX_IDS } from './check-ids.ts'
import { type Broken, failSgx, failTdx, INTEL_FAILURES, SGX_FAILURES, TDX_FAILURES } from './intel-failures.ts'

const ids = (verdict: Verdict<Claims>): readonly string[] => checksOf(verdict).map((check) => check.id)
const sorted = (list: readonly string[]): readonly string[] => [...list].sort()

function assertNoticed(verdict: Verdict<Claims>, tee: string, name: string, broken: Broken<object, object>): void {
  const { also = [], outcome = 'fail' } = broken
  const check = checkOf(verdict, `${tee}.${name}`)
  assert.equal(check.outcome, outcome, check.reason)
  assert.equal(check.blockedBy, undefined)
  const expected = [...(outcome === 'fail' ? [name] : []), ...also].map((one) => `${tee}.${one}`)
  assert.deepEqual(sorted(failing(verdict)), sorted(expected))
  assert.notEqual(verdict.outcome, 'verified')
  if (check.phase === 'authenticity') assert.notEqual(verdict.authenticity, 'proven')
  const action = check.remedy?.action ?? ''
  assert.ok(check.reason.length > 3 && check.reason.length < 600, check.reason)
  assert.ok(action.length > 10, `${check.id} has no remedy`)
  assert.ok(!/undefined|\[object|NaN|\n/.test(`${check.reason} ${action}`), `${check.reason} ${action}`)
  assert.ok(check.source !== '')
  canonicalJson(verdict)
}

const judgeWithLog = (made: ReturnType<typeof makeTdx>): Verdict<Claims> =>
  judgeTdx(made, { eventLog: prepareEventLog(made.eventLog) })

describe('every check id of SGX and TDX is in the table', () => {
  it('SGX', () =>
    assert.deepEqual(sorted(ids(judgeSgx(makeSgx()))), sorted([...INTEL_IDS, ...SGX_IDS].map((id) => `sgx.${id}`))))
  it('TDX', () =>
    assert.deepEqual(sorted(ids(judgeWithLog(makeTdx()))), sorted([...INTEL_IDS, ...TDX_IDS].map((id) => `tdx.${id}`))))
  it('has a title, and so has its group', () => {
    for (const [verdict, catalogue] of [
      [judgeSgx(makeSgx()), sgxCatalogue],
      [judgeWithLog(makeTdx()), tdxCatalogue],
    ] as const) {
      const shown = verdict.checks.flatMap((group) => [group.id, ...group.checks.map((check) => check.id)])
      assert.deepEqual(sorted(Object.keys(catalogue)), sorted(shown))
    }
  })
  it('has one meaning: no id occurs twice', () => {
    for (const list of [ids(judgeSgx(makeSgx())), ids(judgeWithLog(makeTdx()))])
      assert.equal(new Set(list).size, list.length)
  })
  it('has a construction that makes it fail', () => {
    const sgx = new Set([...Object.keys(INTEL_FAILURES), ...Object.keys(SGX_FAILURES)])
    const tdx = new Set([...Object.keys(INTEL_FAILURES), ...Object.keys(TDX_FAILURES)])
    assert.deepEqual(sorted([...sgx]), sorted([...INTEL_IDS, ...SGX_IDS]))
    assert.deepEqual(sorted([...tdx]), sorted([...INTEL_IDS, ...TDX_IDS]))
  })
})

describe('every SGX check can fail, for its own reason', () => {
  const other = makeTdx()
  it('and none does when nothing is broken', () => assertVerified(judgeSgx(makeSgx())))
  for (const [name, construct] of Object.entries({ ...INTEL_FAILURES, ...SGX_FAILURES })) {
    it(`sgx.${name}`, () => {
      const broken = construct(other)
      assertNoticed(failSgx(broken), 'sgx', name, broken)
    })
  }
})

describe('every TDX check can fail, for its own reason', () => {
  const other = makeSgx()
  it('and none does when nothing is broken', () => assertVerified(judgeTdx(makeTdx())))
  it('with or without an event log', () => {
    assertVerified(judgeWithLog(makeTdx()))
  })
  for (const [name, construct] of Object.entries({ ...INTEL_FAILURES, ...TDX_FAILURES })) {
    it(`tdx.${name}`, () => {
      const broken = construct(other)
      assertNoticed(failTdx(broken), 'tdx', name, broken)
    })
  }
})
