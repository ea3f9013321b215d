import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type TdxOptions as MakeOptions, makeTdx } from '@sekisho/emulator/kit'
import { canonicalJson } from '../src/core/canonical.ts'
import { createMemory } from '../src/core/memory.ts'
import type { Check, Verdict } from '../src/core/verdict.ts'
import {
  type PreparedEventLog,
  prepareDcapCollateral,
  prepareEventLog,
  type TdxClaims,
  type TdxExpectations,
  type TdxOptions,
  verifyTdx,
  verifyTdxSync,
} from '../src/tdx/index.ts'

const MADE = makeTdx()

function expectationsOf({ expectations }: typeof MADE): TdxExpectations {
  const { rtmr0, rtmr1, rtmr2, ...rest } = expectations
  return { ...rest, rtmr0: [rtmr0], rtmr1: [rtmr1], rtmr2: [rtmr2] }
}

function verdictOf(
  make: MakeOptions = {},
  expect: TdxExpectations = {},
  more: Partial<TdxOptions> = {},
): Verdict<TdxClaims> {
  const made = Object.keys(make).length === 0 ? MADE : makeTdx(make)
  const expectations = { ...expectationsOf(made), ...expect }
  return verifyTdxSync(made.evidence, {
    at: made.at,
    collateral: made.collateral,
    trustAnchors: [made.anchor],
    expect: expectations,
    ...more,
  })
}

function find(verdict: Verdict<TdxClaims>, id: string): Check {
  const check = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(check, `no check ${id}`)
  return check
}

function failures(verdict: Verdict<TdxClaims>): readonly string[] {
  return verdict.checks
    .flatMap((group) => group.checks)
    .filter((one) => one.outcome === 'fail')
    .map((one) => one.id)
}

describe('a TDX quote as expected is verified', () => {
  for (const make of [
    { version: 4 },
    { version: 5, bodyType: 2 },
    { version: 5, bodyType: 3 },
    { version: 5, bodyType: 4 },
  ] as const) {
    it(JSON.stringify(make), () => {
      const verdict = verdictOf(make)
      assert.deepEqual(failures(verdict), [])
      assert.equal(verdict.outcome, 'verified', verdict.summary)
    })
  }
  it('at once, later, with prepared collateral and from memory: the same verdict', async () => {
    const { evidence, at, collateral, anchor, eventLog } = MADE
    const options = { at, trustAnchors: [anchor], expect: expectationsOf(MADE), eventLog: prepareEventLog(eventLog) }
    const expected = canonicalJson(verifyTdxSync(evidence, { ...options, collateral }))
    const prepared = prepareDcapCollateral(collateral)
    const memory = createMemory()
    assert.equal(canonicalJson(await verifyTdx(evidence, { ...options, collateral })), expected)
    for (let i = 0; i < 2; i++)
      assert.equal(canonicalJson(verifyTdxSync(evidence, { ...options, collateral: prepared, memory })), expected)
  })
  it('what is remembered is judged again at each time', () => {
    const { evidence, collateral, anchor, at } = MADE
    const memory = createMemory()
    const options = {
      collateral: prepareDcapCollateral(collateral),
      trustAnchors: [anchor],
      memory,
      expect: expectationsOf(MADE),
    }
    assert.equal(verifyTdxSync(evidence, { ...options, at }).outcome, 'verified')
    const later = verifyTdxSync(evidence, { ...options, at: new Date('2099-01-01T00:00:00Z') })
    assert.ok(failures(later).includes('tdx.pck.validity'))
    assert.ok(failures(later).includes('tdx.crl.root.current'))
  })
  it('evidence that is changed later does not change what was verified', () => {
    const bytes = Buffer.from(MADE.evidence)
    const verdict = verifyTdxSync(bytes, {
      at: MADE.at,
      collateral: MADE.collateral,
      trustAnchors: [MADE.anchor],
      expect: expectationsOf(MADE),
    })
    const before = canonicalJson(verdict)
    bytes.fill(0)
    assert.equal(canonicalJson(verdict), before)
  })
})

describe('a TD is what it should be', () => {
  const table: readonly (readonly [string, MakeOptions, TdxExpectations, readonly string[]])[] = [
    ['debug', { td: { tdAttributes: '0100001000000000' } }, {}, ['tdx.td.debug']],
    ['debug, allowed', { td: { tdAttributes: '0100001000000000' } }, { allowDebug: true }, []],
    ['a TUD bit', { td: { tdAttributes: '0400001000000000' } }, {}, ['tdx.td.tud']],
    [
      'a TUD bit is not covered by allowDebug',
      { td: { tdAttributes: '1000001000000000' } },
      { allowDebug: true },
      ['tdx.td.tud'],
    ],
    ['SEPT_VE_DISABLE off', { td: { tdAttributes: '0000000000000000' } }, {}, ['tdx.td.sept-ve-disable']],
    [
      'SEPT_VE_DISABLE off, under a paravisor',
      { td: { tdAttributes: '0000000000000000' } },
      { allowSeptVeDisableOff: true },
      [],
    ],
    ['a wish for an attribute', {}, { tdAttributes: { pks: true } }, ['tdx.td.attributes']],
    ['XFAM', {}, { allowedXfam: '0300000000000000' }, ['tdx.td.xfam']],
    ['lowest TEE_TCB_SVN', {}, { minTeeTcbSvn: 'ff'.repeat(16) }, ['tdx.td.tee-tcb-svn']],
    ['MRTD', {}, { measurement: ['00'.repeat(48)] }, ['tdx.expect.measurement']],
    ['RTMR1', {}, { rtmr1: ['00'.repeat(48)] }, ['tdx.expect.rtmr1']],
    ['MRSEAM', {}, { mrSeam: ['ee'.repeat(48)] }, ['tdx.expect.seam']],
    ['MROWNER', {}, { mrOwner: ['ee'.repeat(48)] }, ['tdx.expect.owner']],
    ['MROWNERCONFIG', {}, { mrOwnerConfig: ['ee'.repeat(48)] }, ['tdx.expect.owner-config']],
    ['MRCONFIGID', {}, { hostData: ['ee'.repeat(48)] }, ['tdx.expect.host-data']],
    ['MRSIGNERSEAM', { td: { mrSignerSeam: '01'.repeat(48) } }, {}, ['tdx.module.identity']],
    ['SEAMATTRIBUTES', { td: { seamAttributes: '0100000000000000' } }, {}, ['tdx.module.identity']],
  ]
  for (const [name, make, expect, failed] of table)
    it(name, () => assert.deepEqual(failures(verdictOf(make, expect)), failed))

  it('a service TD is refused unless it is named', () => {
    const make = { version: 5, bodyType: 3, td: { mrServiceTd: 'ab'.repeat(48) } } as const
    assert.deepEqual(failures(verdictOf(make)), ['tdx.td.service-td'])
    const verdict = verdictOf(make, { mrServiceTd: ['AB'.repeat(48)] })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.ok(verdict.assumed.some((one) => one.id === 'service-td'))
  })
  it('reserved attributes leave the verdict open', () => {
    const verdict = verdictOf({ td: { tdAttributes: '0000101000000000' } })
    assert.equal(find(verdict, 'tdx.td.reserved-attributes').outcome, 'unchecked')
    assert.deepEqual(verdict.claims.tdAttributes.reserved, [20])
  })
  for (const field of ['mrConfigId', 'mrOwner', 'mrOwnerConfig'] as const) {
    it(`${field} that nobody compared leaves the verdict open`, () => {
      const verdict = verdictOf({ td: { [field]: 'cd'.repeat(48) } })
      assert.equal(verdict.outcome, 'incomplete')
      assert.equal(verdict.authenticity, 'proven')
    })
  }
})

describe('a TDX module, or microcode that the host loads, that is too old', () => {
  const remedyOf = (verdict: Verdict<TdxClaims>, id: string): string => find(verdict, id).remedy?.action ?? ''
  const components = [7, 7, 3, 3, 5, 255, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0]
  const level = { components, pcesvn: 13, tcbDate: '2026-01-01T00:00:00Z' }
  const tdx = (late: number): readonly number[] => [5, 0, late, ...new Array<number>(13).fill(0)]
  const levels = [
    { ...level, tdxComponents: tdx(7), tcbStatus: 'UpToDate' },
    { ...level, tdxComponents: tdx(5), tcbStatus: 'OutOfDate' },
  ]
  it('is updated on the host, with no word of the BIOS', () => {
    for (const [svn, id] of [
      ['05010600', 'tdx.tcb.status'],
      ['05010400', 'tdx.tcb.level'],
      ['04000700', 'tdx.tcb.level'],
    ] as const) {
      const remedy = remedyOf(verdictOf({ td: { teeTcbSvn: svn.padEnd(32, '0') }, tcbInfo: { levels } }), id)
      assert.match(remedy, /update the TDX module and the microcode that the host loads/)
      assert.doesNotMatch(remedy, /BIOS/)
    }
  })
  it('is not all that is to be done where the platform’s own components are too old as well', () => {
    const below = { ...level, components: components.map((svn) => Math.min(255, svn + 1)), tdxComponents: tdx(9) }
    const verdict = verdictOf({ tcbInfo: { levels: [{ ...below, tcbStatus: 'UpToDate' }] } })
    assert.match(remedyOf(verdict, 'tdx.tcb.level'), /update BIOS and microcode/)
  })
})

describe('registers that the guest extends', () => {
  it('have no weight unless MRTD and those below are pinned', () => {
    const { measurement: _m, rtmr0: _0, ...rest } = expectationsOf(MADE)
    const verdict = verifyTdxSync(MADE.evidence, {
      at: MADE.at,
      collateral: MADE.collateral,
      trustAnchors: [MADE.anchor],
      expect: rest,
    })
    assert.equal(verdict.outcome, 'incomplete')
    assert.equal(find(verdict, 'tdx.expect.rtmr1').outcome, 'unchecked')
    assert.match(find(verdict, 'tdx.expect.rtmr1').reason, /no weight/)
    assert.match(
      verdict.summary,
      /genuine, but rtmr1 equals your value, which has no weight: the guest writes it, and measurement, rtmr0 below it may be anything; open: tdx\.expect\.measurement, tdx\.expect\.rtmr0, tdx\.expect\.rtmr1/,
    )
  })
  it('left uncompared they leave the verdict open, and can be waived by name', () => {
    const { rtmr2: _, ...expect } = expectationsOf(MADE)
    const options = { at: MADE.at, collateral: MADE.collateral, trustAnchors: [MADE.anchor], expect }
    const open = verifyTdxSync(MADE.evidence, options)
    assert.equal(find(open, 'tdx.expect.rtmr2').outcome, 'unchecked')
    assert.equal(open.outcome, 'incomplete')
    assert.equal(verifyTdxSync(MADE.evidence, { ...options, waive: ['tdx.expect.rtmr2'] }).outcome, 'verified')
  })
})

describe('the event log', () => {
  const options = {
    at: MADE.at,
    collateral: MADE.collateral,
    trustAnchors: [MADE.anchor],
    expect: expectationsOf(MADE),
  }
  it('is prepared first: bytes are refused', () => {
    const eventLog: unknown = MADE.eventLog
    assert.throws(() => verifyTdxSync(MADE.evidence, { ...options, eventLog: eventLog as PreparedEventLog }), TypeError)
  })
  it('does not apply when there is none', () =>
    assert.equal(find(verdictOf(), 'tdx.event-log.format').outcome, 'not-applicable'))
  it('replays to the registers', () => {
    const verdict = verifyTdxSync(MADE.evidence, { ...options, eventLog: prepareEventLog(MADE.eventLog) })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    for (const name of ['rtmr0', 'rtmr1', 'rtmr2']) assert.equal(find(verdict, `tdx.event-log.${name}`).outcome, 'pass')
  })
  it('of another boot names the register that differs', () => {
    const verdict = verdictOf(
      { td: { rtmrs: ['aa'.repeat(48), MADE.expectations.rtmr1, MADE.expectations.rtmr2, '00'.repeat(48)] } },
      {},
      { eventLog: prepareEventLog(MADE.eventLog) },
    )
    assert.deepEqual(failures(verdict), ['tdx.event-log.rtmr0'])
  })
  it('RTMR3 that the log does not know is a note', () => {
    const { rtmr0, rtmr1, rtmr2 } = MADE.expectations
    const rtmr3 = 'bb'.repeat(48)
    const verdict = verdictOf(
      { td: { rtmrs: [rtmr0, rtmr1, rtmr2, rtmr3] } },
      { rtmr3: [rtmr3] },
      { eventLog: prepareEventLog(MADE.eventLog) },
    )
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.ok(verdict.notes.some((one) => one.id === 'rtmr3-not-logged'))
  })
  it('whose oddity is only worth a note is not refused for it', () => {
    const event = { imr: 1, event_type: 5, digest: '00'.repeat(48), event: '', event_payload: '' }
    const eventLog = prepareEventLog(new Uint8Array(Buffer.from(JSON.stringify([event]))))
    const verdict = verdictOf({}, {}, { eventLog })
    assert.equal(find(verdict, 'tdx.event-log.findings').outcome, 'pass')
    assert.ok(verdict.notes.some((one) => one.id === 'event-log-no-separator'))
  })
  it('that cannot be read is a failing check', () => {
    const verdict = verifyTdxSync(MADE.evidence, { ...options, eventLog: prepareEventLog(new Uint8Array(40).fill(7)) })
    assert.deepEqual(failures(verdict), ['tdx.event-log.format'])
  })
})

describe('what a TDX quote cannot have', () => {
  it('a signer to expect', () =>
    assert.throws(
      () => verdictOf({}, { signer: ['00'.repeat(48)] } as unknown as TdxExpectations),
      /no field "signer"/,
    ))
  it('TCB info or QE identity of SGX', () => {
    assert.deepEqual(failures(verdictOf({ tcbInfo: { id: 'SGX' } })), ['tdx.tcb-info.kind'])
    assert.deepEqual(failures(verdictOf({ qeIdentity: { id: 'QE' } })), ['tdx.qe-identity.kind'])
  })
})
