import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type MadeSnp, makeSnp } from '@sekisho/emulator/kit'
import type { Check } from '../src/core/verdict.ts'
import { readSnpExpectations, type SnpExpectations, verifySnpSync } from '../src/snp/index.ts'

const LEVELS = { bootLoader: 10, tee: 0, snp: 24, microcode: 84 }
const good = makeSnp()
const vlek = makeSnp({ role: 'vlek' })

function checkOf(made: MadeSnp, id: string, expect: SnpExpectations): Check {
  const { at, collateral, evidence, expectations, anchor } = made
  const verdict = verifySnpSync(evidence, {
    at,
    collateral,
    expect: { ...expectations, ...expect },
    trustAnchors: [anchor],
  })
  const found = verdict.checks.flatMap(({ checks }) => checks).find((check) => check.id === id)
  assert.equal(verdict.outcome === 'verified', found?.outcome !== 'fail', verdict.summary)
  return found ?? assert.fail(id)
}

describe('expectations of what a report was signed with', () => {
  it('REPORTED_TCB has a lowest level of its own: the host may lower it below the committed one', () => {
    const behind = makeSnp({ report: { reportedTcb: { ...LEVELS, snp: 23 } }, leaf: { tcb: { ...LEVELS, snp: 23 } } })
    const id = 'snp.expect.min-tcb'
    assert.equal(checkOf(behind, id, {}).outcome, 'pass', 'minTcb is of the committed and the launch TCB')
    assert.equal(checkOf(behind, id, { minReportedTcb: { snp: 23, microcode: 84 } }).outcome, 'pass')
    const { outcome, reason, remedy } = checkOf(behind, id, { minReportedTcb: { snp: 24 } })
    assert.deepEqual([outcome, reason], ['fail', 'snp of REPORTED_TCB is 23, and you accept 24 or higher'])
    assert.ok(remedy !== undefined)
    const { reason: none } = checkOf(good, id, { minReportedTcb: { fmc: 1 } })
    assert.match(none, /has no fmc level/)
    assert.throws(() => readSnpExpectations({ minReportedTcb: { smp: 1 } }), /expectations\.minReportedTcb/)
  })

  it('every part that is too low, or that the leaf was not issued for, is named', () => {
    const low = checkOf(good, 'snp.expect.min-tcb', { minTcb: { snp: 25, microcode: 84, bootloader: 11 } })
    assert.equal(
      low.reason,
      [
        'bootloader of COMMITTED_TCB is 10, and you accept 11 or higher',
        'bootloader of LAUNCH_TCB is 10, and you accept 11 or higher',
        'snp of COMMITTED_TCB is 24, and you accept 25 or higher',
        'snp of LAUNCH_TCB is 24, and you accept 25 or higher',
      ].join('; '),
    )
    assert.match(low.remedy?.action ?? '', /^update bootloader to 11, snp to 25 or higher/)
    assert.equal(low.expected, 'bootloader 11, snp 25')
    assert.match(low.actual ?? '', /^COMMITTED_TCB bootloader 10, tee 0, snp 24, microcode 84; LAUNCH_TCB /)
    const other = makeSnp({ report: { reportedTcb: { ...LEVELS, snp: 23, microcode: 83 } } })
    const { reason, expected, actual } = checkOf(other, 'snp.tcb.certificate', {})
    assert.match(reason, /its snpSPL is 24, and snp of REPORTED_TCB is 23; its ucodeSPL is 84, and microcode of/)
    assert.deepEqual(
      [expected, actual],
      ['bootloader 10, tee 0, snp 23, microcode 83', 'bootloader 10, tee 0, snp 24, microcode 84'],
    )
    const above = makeSnp({ report: { reportedTcb: { ...LEVELS, snp: 25, tee: 1 } } })
    assert.match(
      checkOf(above, 'snp.tcb.order', {}).reason,
      /^tee of REPORTED_TCB is 1, above 0 in COMMITTED_TCB; snp of REPORTED_TCB is 25, above 24 in COMMITTED_TCB, which/,
    )
  })

  it("the chip's own key or a provider's may be asked for", () => {
    const id = 'snp.expect.provider'
    for (const [made, mine, other] of [
      [good, 'vcek', 'vlek'],
      [vlek, 'vlek', 'vcek'],
    ] as const) {
      assert.equal(checkOf(made, id, { signingKey: mine }).outcome, 'pass')
      const { outcome, remedy } = checkOf(made, id, { signingKey: other })
      assert.equal(outcome, 'fail')
      assert.match(remedy?.action ?? '', /^leave `signingKey` out/)
      assert.equal(checkOf(made, id, {}).outcome, 'not-applicable')
    }
    const both = checkOf(vlek, id, { signingKey: 'vlek', cspIds: ['CN=another'] })
    assert.deepEqual([both.outcome, both.reason], ['fail', 'the cloud provider is none that you accept'])
    assert.equal(checkOf(vlek, id, { signingKey: 'vcek', cspIds: ['CN=another'] }).outcome, 'fail')
    assert.throws(() => readSnpExpectations({ signingKey: 'vek' }), /signingKey: expected one of vcek, vlek/)
  })
})
