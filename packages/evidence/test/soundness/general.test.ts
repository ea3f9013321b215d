import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  createAmdAuthority,
  createIntelAuthority,
  EXAMPLE_PLATFORM,
  exampleLevels,
  flipBit,
  makeSgx,
  makeSnp,
  makeTdx,
  type PlatformLevel,
} from '@sekisho/emulator/kit'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import { snpCheckIds } from '../../src/snp/verify.ts'
import {
  assertIncomplete,
  assertRefuted,
  assertUnwanted,
  assertVerified,
  checkOf,
  checksOf,
  judgeSgx,
  judgeSnp,
  judgeTdx,
  tdxExpectations,
} from './kit.ts'

const [LEVEL] = exampleLevels('TDX', EXAMPLE_PLATFORM) as [PlatformLevel]
const OTHER_NONCE = 'cd'.repeat(32)

describe('soundness 1: overall "valid" although the TCB status was not up to date', () => {
  const statuses = [
    'SWHardeningNeeded',
    'ConfigurationNeeded',
    'ConfigurationAndSWHardeningNeeded',
    'OutOfDate',
    'OutOfDateConfigurationNeeded',
  ]
  for (const tcbStatus of statuses) {
    it(`${tcbStatus} rejects, without anybody reading the status`, () => {
      assertUnwanted(judgeTdx(makeTdx({ tcbInfo: { levels: [{ ...LEVEL, tcbStatus }] } })), 'tdx.tcb.status')
    })
  }
  it('an exception holds for its statuses, its advisories and its time only', () => {
    const advisoryIDs = ['INTEL-SA-00007']
    const made = makeTdx({ tcbInfo: { levels: [{ ...LEVEL, tcbStatus: 'SWHardeningNeeded', advisoryIDs }] } })
    const accept = {
      name: 'hardened',
      statuses: ['SWHardeningNeeded'],
      advisories: advisoryIDs,
      until: '2026-06-30T00:00:00Z',
    } as const
    const judged = (
      change: Partial<Omit<typeof accept, 'advisories' | 'until'>> & {
        readonly advisories?: readonly string[]
        readonly until?: string
      },
    ): Verdict<Claims> =>
      judgeTdx(made, { expect: { ...tdxExpectations(made.expectations), acceptTcb: [{ ...accept, ...change }] } })
    assertVerified(judged({}))
    assertUnwanted(judged({ advisories: [] }), 'tdx.tcb.status')
    assertUnwanted(judged({ until: '2026-06-15T11:59:59Z' }), 'tdx.tcb.status')
    const other = makeTdx({ tcbInfo: { levels: [{ ...LEVEL, tcbStatus: 'OutOfDate' }] } })
    const expect = { ...tdxExpectations(other.expectations), acceptTcb: [accept] }
    assertUnwanted(judgeTdx(other, { expect }), 'tdx.tcb.status')
  })
})

describe('soundness 2: policy pinned only a register the guest writes', () => {
  const zero = '00'.repeat(48)
  const wanted = 'ab'.repeat(48)

  it('a malicious base image that writes the pinned RTMR3 gets no yes', () => {
    const evil = makeTdx({ td: { mrTd: '66'.repeat(48), rtmrs: ['67'.repeat(48), zero, zero, wanted] } })
    const { nonce } = evil.expectations
    const verdict = judgeTdx(evil, { expect: { nonce, allowEmulated: true, rtmr3: [wanted] } })
    assert.equal(checkOf(verdict, 'tdx.expect.rtmr3').outcome, 'unchecked')
    assert.equal(verdict.outcome, 'incomplete')
  })
  it('nor when some of the registers below are pinned, and others free', () => {
    const made = makeTdx({ td: { rtmrs: ['67'.repeat(48), zero, zero, wanted] } })
    const { nonce, measurement } = made.expectations
    const verdict = judgeTdx(made, {
      expect: { nonce, allowEmulated: true, measurement, rtmr0: ['67'.repeat(48)], rtmr3: [wanted] },
    })
    assertIncomplete(verdict, 'tdx.expect.rtmr3')
  })
  it('waiving the measurement does not give the register weight', () => {
    const made = makeTdx({ td: { rtmrs: [zero, zero, zero, wanted] } })
    const expect = { nonce: made.expectations.nonce, allowEmulated: true, rtmr3: [wanted] }
    assertIncomplete(judgeTdx(made, { expect, waive: ['tdx.expect.measurement'] }), 'tdx.expect.rtmr3')
  })
  it('with everything below pinned it has weight', () => {
    const made = makeTdx({ td: { rtmrs: [zero, zero, zero, wanted] } })
    assertVerified(judgeTdx(made, { expect: { ...tdxExpectations(made.expectations), rtmr3: [wanted] } }))
  })
  it('data that whoever launches the guest chooses is open until it is compared', () => {
    assertIncomplete(judgeSnp(makeSnp({ report: { hostData: '11'.repeat(32) } })), 'snp.expect.host-data')
    assertIncomplete(judgeTdx(makeTdx({ td: { mrConfigId: '11'.repeat(48) } })), 'tdx.expect.host-data')
    assertIncomplete(judgeSgx(makeSgx({ enclave: { configId: '11'.repeat(64) } })), 'sgx.expect.host-data')
  })
})

describe('soundness 3: "image verified" against a digest that the requester supplied', () => {
  it('every yes names the anchor it rests on, by key', () => {
    const [sgx, tdx, snp] = [makeSgx(), makeTdx(), makeSnp()]
    for (const [made, verdict] of [
      [sgx, judgeSgx(sgx)],
      [tdx, judgeTdx(tdx)],
      [snp, judgeSnp(snp)],
    ] as const) {
      assertVerified(verdict)
      assert.deepEqual(verdict.anchors, [made.anchor])
      assert.ok(checksOf(verdict).some((check) => check.outcome === 'pass' && check.anchor === made.anchor.id))
    }
  })
  it('roots that come with the evidence or its collateral are not trusted for that', () => {
    const intel = makeSgx({ authority: createIntelAuthority() })
    const amd = makeSnp({ authority: createAmdAuthority('Genoa', { label: 'look-alike' }) })
    assert.equal(judgeSgx(intel, { trustAnchors: [makeSgx().anchor] }).authenticity, 'refuted')
    assert.equal(judgeSnp(amd, { trustAnchors: [makeSnp().anchor] }).authenticity, 'refuted')
  })
  it('a measurement in the collateral is no expectation', () => {
    const made = makeSgx()
    const { measurement: _, ...expect } = made.expectations
    const collateral = { ...made.collateral, measurement: made.expectations.measurement[0], expect: made.expectations }
    assertIncomplete(judgeSgx(made, { expect, collateral }), 'sgx.expect.measurement')
  })
})

describe('soundness 4: the nonce was carried but never compared', () => {
  it('evidence of another exchange is rejected: SGX', () => {
    const made = makeSgx()
    assertUnwanted(
      judgeSgx(made, { expect: { ...made.expectations, nonce: OTHER_NONCE } }),
      'sgx.expect.report-data',
      'sgx.expect.freshness',
    )
  })
  it('evidence of another exchange is rejected: TDX', () => {
    const made = makeTdx()
    const expect = { ...tdxExpectations(made.expectations), nonce: OTHER_NONCE }
    assertUnwanted(judgeTdx(made, { expect }), 'tdx.expect.report-data', 'tdx.expect.freshness')
  })
  it('evidence of another exchange is rejected: SNP', () => {
    const made = makeSnp()
    assertUnwanted(
      judgeSnp(made, { expect: { ...made.expectations, nonce: OTHER_NONCE } }),
      'snp.expect.report-data',
      'snp.expect.freshness',
    )
  })
  it('nobody is advised to accept what the evidence of another exchange carries', () => {
    const made = makeSnp()
    const verdict = judgeSnp(made, { expect: { ...made.expectations, nonce: OTHER_NONCE } })
    const remedies = checksOf(verdict).flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy.action]))
    assert.deepEqual(remedies, [
      `have the attester put ${OTHER_NONCE.padEnd(128, '0')} into the report data and send new evidence`,
      `have the attester put the nonce ${OTHER_NONCE} first into the report data and send new evidence`,
    ])
  })
  it('a nonce of which only a beginning is in the report data is another nonce', () => {
    const made = makeSnp()
    const nonce = `${made.expectations.nonce.slice(0, 62)}00`
    assert.equal(judgeSnp(made, { expect: { ...made.expectations, nonce } }).outcome, 'rejected')
  })
  it('report data that was not derived from a nonce shows no freshness', () => {
    const made = makeSnp()
    const { nonce, ...rest } = made.expectations
    assertIncomplete(judgeSnp(made, { expect: { ...rest, reportData: nonce } }), 'snp.expect.freshness')
  })
})

describe('soundness 5: a policy could lift the overall result above its worst claim', () => {
  const allow = { allowDebug: true, allowEmulated: true } as const

  it('no waiver and no allowance lifts forged evidence', () => {
    const made = makeSnp()
    const forged = flipBit(made.evidence, 0x90)
    const expect = { ...made.expectations, measurement: undefined, ...allow }
    const { measurement: _, ...open } = expect
    const verdict = judgeSnp(made, { expect: open, waive: snpCheckIds('waivable') }, forged)
    assertRefuted(verdict, 'snp.report.signature')
  })
  it('signatures, chains and bindings cannot be waived at all', () => {
    const made = makeSnp()
    const waivable = snpCheckIds('waivable')
    for (const id of snpCheckIds()) {
      if (!waivable.includes(id)) assert.throws(() => judgeSnp(made, { waive: [id] }), TypeError, id)
    }
    for (const id of waivable) assert.match(id, /^snp\.(crl\.present|expect\.)/)
  })
  it('a waiver waives what was not made, not what failed', () => {
    const made = makeSnp()
    const expect = { ...made.expectations, measurement: ['00'.repeat(48)] }
    assertUnwanted(judgeSnp(made, { expect, waive: ['snp.expect.measurement'] }), 'snp.expect.measurement')
  })
  it('the outcome of a group is that of its worst check', () => {
    const verdict = judgeSnp(makeSnp({ leaf: { hwId: 'cd'.repeat(64) } }))
    for (const group of verdict.checks) {
      assert.equal(
        group.outcome === 'fail',
        group.checks.some((check) => check.outcome === 'fail'),
        group.id,
      )
    }
  })
})

describe('soundness 6: issue and expiry dates of collateral not checked: an old TCB info replays a lower bar for ever', () => {
  const old = { issueDate: '2020-01-01T00:00:00Z', nextUpdate: '2020-02-01T00:00:00Z' }

  it('an expired TCB info with a lower bar, correctly signed, does not lift an outdated platform', () => {
    const components = EXAMPLE_PLATFORM.components.map(() => 1)
    const levels: readonly PlatformLevel[] = [{ ...LEVEL, components, pcesvn: 1 }]
    const made = makeTdx({ pck: { components, pceSvn: 1 }, tcbInfo: { ...old, levels } })
    assertRefuted(judgeTdx(made), 'tdx.tcb-info.current')
  })
  it('an expired QE identity is refused, and so are documents of the future', () => {
    assertRefuted(judgeTdx(makeTdx({ qeIdentity: old })), 'tdx.qe-identity.current')
    const future = { issueDate: '2026-06-16T00:00:00Z', nextUpdate: '2026-07-16T00:00:00Z' }
    assertRefuted(judgeTdx(makeTdx({ tcbInfo: future })), 'tdx.tcb-info.issued')
    assertRefuted(judgeTdx(makeTdx({ qeIdentity: future })), 'tdx.qe-identity.issued')
  })
  it('expired certificates of AMD are refused', () => {
    const gone = { notAfter: new Date('2026-06-01T00:00:00Z') }
    assertRefuted(judgeSnp(makeSnp({ leafCertificate: gone })), 'snp.chain.not-after')
    assertRefuted(
      judgeSnp(makeSnp({ authority: createAmdAuthority('Genoa', { certificates: { ask: gone } }) })),
      'snp.chain.not-after',
    )
  })
  it('stored evidence is judged at its own time, with the collateral of that time', () => {
    const made = makeTdx({
      tcbInfo: old,
      qeIdentity: old,
      window: { from: new Date(old.issueDate), to: new Date(old.nextUpdate) },
      pckCertificate: { notBefore: new Date('2019-01-01T00:00:00Z') },
    })
    assertRefuted(
      judgeTdx(made),
      'tdx.crl.root.current',
      'tdx.crl.pck.current',
      'tdx.tcb-info.current',
      'tdx.qe-identity.current',
    )
    assertVerified(judgeTdx(made, { at: new Date('2020-01-15T00:00:00Z') }))
  })
})
