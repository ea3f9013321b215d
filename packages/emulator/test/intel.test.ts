import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Verdict } from '@sekisho/evidence'
import { type SgxClaims, type SgxExpectations, verifySgxSync } from '@sekisho/evidence/sgx'
import { prepareEventLog, type TdxClaims, type TdxExpectations, verifyTdxSync } from '@sekisho/evidence/tdx'
import {
  type IntelPart,
  kbsEvidence,
  type SgxPlatform,
  type SgxPlatformOptions,
  type TdxPlatform,
  type TdxPlatformOptions,
  type World,
} from '../src/index.ts'
import { assertVerified, failed, REPORT_DATA, REPORT_DATA_HEX, worldWithoutAmd } from './judging.ts'

const COMMON = { reportData: REPORT_DATA_HEX, reportDataIsFresh: true, allowEmulated: true } as const

function judgeTdx(world: World, platform: TdxPlatform, expect: TdxExpectations = {}): Verdict<TdxClaims> {
  const { evidence, eventLog } = platform.attest(REPORT_DATA)
  return verifyTdxSync(evidence, {
    at: world.now(),
    trustAnchors: world.anchors,
    collateral: platform.collateral(),
    eventLog: prepareEventLog(eventLog),
    expect: { ...COMMON, ...platform.reference(), ...expect },
  })
}

function judgeSgx(world: World, platform: SgxPlatform, expect: SgxExpectations = {}): Verdict<SgxClaims> {
  return verifySgxSync(platform.attest(REPORT_DATA).evidence, {
    at: world.now(),
    trustAnchors: world.anchors,
    collateral: platform.collateral(),
    expect: { ...COMMON, ...platform.reference(), ...expect },
  })
}

describe('quotes are verified by the evidence code', () => {
  const { world } = worldWithoutAmd()
  const tdx: readonly TdxPlatformOptions[] = [
    {},
    { product: 'Granite Rapids', boot: { secureBoot: false, commandLine: 'quiet' } },
    { version: 5 },
    { version: 5, bodyType: 2 },
    { version: 5, bodyType: 4 },
    { fmspc: 'c0ffee000001' },
  ]
  for (const options of tdx) {
    it(`TDX ${JSON.stringify(options)}`, () => assertVerified(judgeTdx(world, world.tdx(options))))
  }
  const sgx: readonly SgxPlatformOptions[] = [{}, { version: 4 }, { version: 5 }, { ca: 'processor' }]
  for (const options of sgx) {
    it(`SGX ${JSON.stringify(options)}`, () => assertVerified(judgeSgx(world, world.sgx(options))))
  }
  it('SGX with an encrypted PPID in the place of its certificate', { timeout: 60_000 }, () => {
    assertVerified(judgeSgx(world, world.sgx({ certification: 'encrypted-ppid' })))
  })
})

describe('each TDX knob makes its own check fail', () => {
  const cases: readonly (readonly [string, TdxPlatformOptions, TdxExpectations, readonly string[]])[] = [
    ['debug', { debug: true }, {}, ['tdx.td.debug']],
    ['SEPT_VE_DISABLE', { septVeDisable: false }, {}, ['tdx.td.sept-ve-disable']],
    ['measurement', { measurement: 'b6'.repeat(48) }, { measurement: ['d1'.repeat(48)] }, ['tdx.expect.measurement']],
    ['host data', { hostData: '77'.repeat(48) }, { hostData: ['00'.repeat(48)] }, ['tdx.expect.host-data']],
    ['product', { product: 'Emerald Rapids' }, { products: ['00806f050000'] }, ['tdx.platform.product']],
    ['TCB of the platform', { tcb: { platform: -1 } }, {}, ['tdx.tcb.status']],
    ['TCB of the module', { tcb: { module: -1 } }, {}, ['tdx.tcb.status']],
    ['TCB of the quoting enclave', { tcb: { qe: -1 } }, {}, ['tdx.tcb.status']],
    ['wrong binding', { wrongBinding: true }, {}, ['tdx.expect.report-data', 'tdx.expect.freshness']],
    ['wrong signature', { wrongSignature: true }, {}, ['tdx.quote.signature']],
  ]
  for (const [name, options, expect, ids] of cases) {
    it(name, () => {
      const { world } = worldWithoutAmd()
      assert.deepEqual(failed(judgeTdx(world, world.tdx(options), expect)), ids)
    })
  }
  it('the log of another boot', () => {
    const { world } = worldWithoutAmd()
    const verdict = judgeTdx(world, world.tdx({ foreignEventLog: true }))
    assert.deepEqual(failed(verdict), ['tdx.event-log.rtmr1'])
  })
  it('another machine', () => {
    const { world } = worldWithoutAmd()
    const [one, other] = [world.tdx(), world.tdx({ chip: 'machine-2' })]
    assertVerified(judgeTdx(world, one, { hardwareIds: [one.hardwareId] }))
    assert.deepEqual(failed(judgeTdx(world, other, { hardwareIds: [one.hardwareId] })), ['tdx.platform.id'])
    assert.throws(() => world.tdx({ tcb: { platform: 0.5 } }), /`tcb.platform`/)
  })
  it('another kernel boots into another RTMR1, and what the guest extends into RTMR3', () => {
    const { world } = worldWithoutAmd()
    const [before] = [world.tdx()]
    const other = world.tdx({ boot: { kernel: Uint8Array.of(1) } })
    assert.deepEqual(failed(judgeTdx(world, other, { rtmr1: [before.rtmrs[1]] })), ['tdx.expect.rtmr1'])
    const fresh = before.rtmrs[3]
    before.extend('workload start first')
    before.extend('workload start second', 2)
    assertVerified(judgeTdx(world, before))
    assert.deepEqual(failed(judgeTdx(world, before, { rtmr3: [fresh] })), ['tdx.expect.rtmr3'])
  })
})

describe('each SGX knob makes its own check fail', () => {
  const cases: readonly (readonly [string, SgxPlatformOptions, SgxExpectations, readonly string[]])[] = [
    ['debug', { debug: true }, {}, ['sgx.enclave.debug']],
    ['measurement', { measurement: 'b6'.repeat(32) }, { measurement: ['e1'.repeat(32)] }, ['sgx.expect.measurement']],
    ['svn', { isvSvn: 1 }, { signer: ['51'.repeat(32)], minSvn: 2, isvProdId: 1 }, ['sgx.expect.svn']],
    ['product id', { isvProdId: 9 }, { isvProdId: 1 }, ['sgx.expect.product-id']],
    ['host data', { hostData: '01'.repeat(64) }, { hostData: ['00'.repeat(64)] }, ['sgx.expect.host-data']],
    ['TCB', { tcb: { platform: -1 } }, {}, ['sgx.tcb.status']],
    ['wrong binding', { wrongBinding: true }, {}, ['sgx.expect.report-data', 'sgx.expect.freshness']],
    ['wrong signature', { wrongSignature: true }, {}, ['sgx.quote.signature']],
  ]
  for (const [name, options, expect, ids] of cases) {
    it(name, () => {
      const { world } = worldWithoutAmd()
      assert.deepEqual(failed(judgeSgx(world, world.sgx(options), expect)), ids)
    })
  }
})

describe("what Intel's authority does", () => {
  it('publishes a level: what runs becomes out of date with the advisories, what is updated does not', () => {
    const { world } = worldWithoutAmd()
    const running = world.tdx()
    assertVerified(judgeTdx(world, running))
    const published = world.intel.publishTcb({ advisories: ['INTEL-SA-01234'], channel: 'early' })
    assertVerified(judgeTdx(world, running))
    const early = verifyTdxSync(running.attest(REPORT_DATA).evidence, {
      at: world.now(),
      trustAnchors: world.anchors,
      collateral: running.collateral('early'),
      expect: COMMON,
    })
    assert.equal(early.claims.tcb.status, 'OutOfDate')
    world.intel.promote(published.evaluation)
    const verdict = judgeTdx(world, running)
    assert.deepEqual(failed(verdict), ['tdx.tcb.status'])
    assert.deepEqual(verdict.claims.tcb.advisories, ['INTEL-SA-01234'])
    assertVerified(judgeTdx(world, world.tdx()))
  })
  it('publishes for one family, and with another status', () => {
    const { world } = worldWithoutAmd()
    const [sapphire, emerald] = [world.sgx(), world.sgx({ product: 'Emerald Rapids' })]
    const advisories = ['INTEL-SA-00615']
    world.intel.publishTcb({ fmspc: sapphire.fmspc, status: 'SWHardeningNeeded', advisories })
    assert.equal(judgeSgx(world, sapphire).claims.tcb.status, 'SWHardeningNeeded')
    assert.equal(judgeSgx(world, emerald).claims.tcb.status, 'UpToDate')
    world.intel.publishTcb({ status: 'Revoked' })
    assert.deepEqual(failed(judgeSgx(world, sapphire)), ['sgx.tcb.not-revoked'])
  })
  it('publishes a level of the quoting enclave and of the TDX module', () => {
    for (const part of ['qe', 'tdx-module'] as const) {
      const { world } = worldWithoutAmd()
      const running = world.tdx()
      world.intel.publishTcb({ part })
      assert.deepEqual(failed(judgeTdx(world, running)), ['tdx.tcb.status'])
      assertVerified(judgeTdx(world, world.tdx()))
    }
  })
  it('revokes a platform, a CA and the signer of TCB info', () => {
    const one = worldWithoutAmd().world
    const [bad, good] = [one.tdx(), one.tdx({ chip: 'machine-2' })]
    one.intel.revokePck(bad)
    assert.deepEqual(failed(judgeTdx(one, bad)), ['tdx.pck.revocation'])
    assertVerified(judgeTdx(one, good))
    const ca = worldWithoutAmd().world
    ca.intel.revokePart('platform')
    assert.deepEqual(failed(judgeTdx(ca, ca.tdx())), ['tdx.pck.ca-revocation'])
    const signer = worldWithoutAmd().world
    signer.intel.revokePart('tcbSigning')
    assert.deepEqual(failed(judgeTdx(signer, signer.tdx())), [
      'tdx.tcb-info.signer.revocation',
      'tdx.qe-identity.signer.revocation',
    ])
  })
  const lapses: readonly (readonly [IntelPart, readonly string[]])[] = [
    ['tcb-info', ['tdx.tcb-info.current']],
    ['qe-identity', ['tdx.qe-identity.current']],
    ['pck-crl', ['tdx.crl.pck.current']],
    ['root-crl', ['tdx.crl.root.current']],
    ['pck', ['tdx.pck.validity']],
    ['platform-ca', ['tdx.pck.validity', 'tdx.crl.pck-issuer.validity']],
    ['tcb-signing', ['tdx.tcb-info.signer.validity', 'tdx.qe-identity.signer.validity']],
  ]
  for (const [part, ids] of lapses) {
    it(`lets ${part} run out, and renews it`, () => {
      const { world } = worldWithoutAmd()
      world.intel.expire(part)
      assert.deepEqual(failed(judgeTdx(world, world.tdx())), ids)
      world.intel.renew(part)
      assertVerified(judgeTdx(world, world.tdx()))
    })
  }
  it('issues documents anew each day, for thirty days', () => {
    const { world, clock } = worldWithoutAmd()
    const platform = world.tdx()
    const first = platform.collateral()
    clock.at = new Date('2026-06-15T23:59:59Z')
    assert.deepEqual(platform.collateral(), first)
    clock.at = new Date('2027-01-01T00:00:00Z')
    assert.notEqual(platform.collateral().tcb_info, first.tcb_info)
    assertVerified(judgeTdx(world, platform))
  })
  it('refuses acts that make no sense', () => {
    const { intel } = worldWithoutAmd().world
    assert.throws(() => intel.publishTcb({ evaluation: 17 }), /numbers only rise/)
    assert.throws(() => intel.publishTcb({ fmspc: 'x' }), /`fmspc`/)
    assert.throws(() => intel.publishTcb({ part: 'qe', fmspc: '00606a000000' }), /`fmspc`/)
    assert.throws(() => intel.revokePck({ ca: 'platform', pckSerial: 'zz' }), /`pckSerial`/)
  })
})

describe('keys of an enclave', () => {
  const { world } = worldWithoutAmd()
  const hex = (key: Uint8Array): string => Buffer.from(key).toString('hex')
  const other = { measurement: 'b6'.repeat(32) }
  it('sealing to MRENCLAVE is for this enclave, to MRSIGNER for all of its signer', () => {
    const [one, two] = [world.sgx(), world.sgx(other)]
    assert.equal(one.sealingKey().length, 16)
    assert.equal(hex(one.sealingKey()), hex(two.sealingKey()))
    assert.notEqual(hex(one.sealingKey({ policy: 'mrenclave' })), hex(two.sealingKey({ policy: 'mrenclave' })))
    assert.notEqual(hex(one.sealingKey()), hex(world.sgx({ signer: '52'.repeat(32) }).sealingKey()))
    assert.notEqual(hex(one.sealingKey()), hex(world.sgx({ chip: 'machine-2' }).sealingKey()))
    assert.notEqual(hex(one.sealingKey()), hex(world.sgx({ debug: true }).sealingKey()))
    assert.notEqual(hex(one.sealingKey()), hex(one.sealingKey({ keyId: '01'.repeat(32) })))
  })
  it('a newer version reads what an older one sealed, and not the other way round', () => {
    const [older, newer] = [world.sgx({ isvSvn: 1 }), world.sgx({ isvSvn: 2 })]
    assert.equal(hex(newer.sealingKey({ isvSvn: 1 })), hex(older.sealingKey()))
    assert.notEqual(hex(newer.sealingKey()), hex(older.sealingKey()))
    assert.throws(() => older.sealingKey({ isvSvn: 2 }), RangeError)
    assert.throws(() => older.sealingKey({ cpuSvn: 'ff'.repeat(16) }), RangeError)
  })
  it('a local report is for its target on its machine, and for nobody else', () => {
    const [reporter, target] = [world.sgx(), world.sgx(other)]
    assert.equal(target.targetInfo().length, 512)
    const report = reporter.localReport(target.targetInfo(), REPORT_DATA)
    assert.equal(report.length, 432)
    assert.equal(target.verifyLocalReport(report), true)
    assert.equal(reporter.verifyLocalReport(report), false)
    assert.equal(world.sgx({ ...other, chip: 'machine-2' }).verifyLocalReport(report), false)
    report[320] = (report[320] ?? 0) ^ 1
    assert.equal(target.verifyLocalReport(report), false)
    assert.equal(target.verifyLocalReport(report.subarray(1)), false)
    assert.throws(() => reporter.localReport(new Uint8Array(511), REPORT_DATA), RangeError)
  })
})

describe('TD reports', () => {
  const { world } = worldWithoutAmd()
  it('are of the machine that made them, and hold the registers of the TD', () => {
    const td = world.tdx()
    const report = td.localReport(REPORT_DATA)
    assert.equal(report.length, 1024)
    assert.equal(Buffer.from(report.subarray(128, 176)).toString('hex'), REPORT_DATA_HEX)
    assert.equal(Buffer.from(report.subarray(528, 576)).toString('hex'), td.measurement)
    assert.equal(Buffer.from(report.subarray(720, 768)).toString('hex'), td.rtmrs[0])
    assert.equal(world.tdx({ measurement: '01'.repeat(48) }).verifyLocalReport(report), true)
    assert.equal(world.tdx({ chip: 'machine-2' }).verifyLocalReport(report), false)
    for (const at of [16, 128, 256, 300, 512, 1023, 224]) {
      const changed = Uint8Array.from(report)
      changed[at] = (changed[at] ?? 0) ^ 1
      assert.equal(td.verifyLocalReport(changed), false, `byte ${at}`)
    }
    assert.equal(td.verifyLocalReport(report.subarray(1)), false)
  })
})

describe('KBS objects', () => {
  const { world } = worldWithoutAmd()
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  it('TDX and SGX', () => {
    const td = world.tdx().attest(REPORT_DATA)
    assert.deepEqual(kbsEvidence('tdx', td), { cc_eventlog: base64(td.eventLog), quote: base64(td.evidence) })
    const enclave = world.sgx().attest(REPORT_DATA)
    assert.deepEqual(kbsEvidence('sgx', enclave), { quote: base64(enclave.evidence) })
  })
})
