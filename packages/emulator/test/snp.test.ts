import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import type { Verdict } from '@sekisho/evidence'
import { parseSnpJson, type SnpClaims, type SnpExpectations, verifySnpSync } from '@sekisho/evidence/snp'
import { createWorld, kbsEvidence, type SnpPlatform, type SnpPlatformOptions, type World } from '../src/index.ts'
import { generateKey, keptRsaKeys } from '../src/kit/index.ts'
import { assertVerified, failed, REPORT_DATA, REPORT_DATA_HEX, testWorld } from './judging.ts'

function judge(world: World, platform: SnpPlatform, expect: Partial<SnpExpectations> = {}): Verdict<SnpClaims> {
  const { evidence } = platform.attest(REPORT_DATA)
  return verifySnpSync(evidence, {
    at: world.now(),
    trustAnchors: world.anchors,
    collateral: platform.collateral(),
    expect: { ...good(platform), ...expect },
  })
}

function good(platform: SnpPlatform): SnpExpectations {
  return { ...platform.reference(), reportData: REPORT_DATA_HEX, reportDataIsFresh: true, allowEmulated: true }
}

test('every generation, version and signing key is verified by the evidence code', { timeout: 120_000 }, () => {
  const world = createWorld({ rsaKey: keptRsaKeys() })
  for (const product of ['Milan', 'Genoa', 'Turin'] as const) {
    for (const version of [2, 3, 5] as const) assertVerified(judge(world, world.snp({ product, version })))
  }
  assertVerified(judge(world, world.snp({ product: 'Milan', signedBy: 'vlek' })))
  assert.deepEqual(
    world.anchors.map(({ emulated, name }) => emulated && name.includes('EMULATED')),
    world.anchors.map(() => true),
  )
})

describe('each knob makes its own check fail', () => {
  const cases: readonly (readonly [string, SnpPlatformOptions, Partial<SnpExpectations>, readonly string[]])[] = [
    ['debug', { debug: true }, {}, ['snp.debug']],
    ['measurement', { measurement: 'b6'.repeat(48) }, { measurement: ['a5'.repeat(48)] }, ['snp.expect.measurement']],
    ['host data', { hostData: '77'.repeat(32) }, { hostData: ['00'.repeat(32)] }, ['snp.expect.host-data']],
    ['VMPL', { vmpl: 3 }, { vmpl: [0] }, ['snp.expect.vmpl']],
    ['masked id', { maskedId: true }, { requireChipId: true }, ['snp.expect.chip-id']],
    ['wrong binding', { wrongBinding: true }, {}, ['snp.expect.report-data', 'snp.expect.freshness']],
    ['wrong signature', { wrongSignature: true }, {}, ['snp.report.signature']],
    [
      'firmware version',
      { firmware: { major: 1, minor: 55, build: 21 } },
      { minFirmware: '1.55.22' },
      ['snp.expect.min-firmware'],
    ],
    ['migration agent', { migratable: true }, {}, ['snp.migration']],
  ]
  for (const [name, options, expect, ids] of cases) {
    it(name, () => {
      const { world } = testWorld()
      assert.deepEqual(failed(judge(world, world.snp(options), expect)), ids)
    })
  }
  it('an older TCB than the newest firmware', () => {
    const { world } = testWorld()
    const old = world.snp()
    const release = world.amd.publishFirmware({ product: 'Genoa', advisories: ['AMD-SB-3015'] })
    const fresh = world.snp()
    assert.equal(release.tcb.microcode, old.tcb.microcode + 1)
    assert.deepEqual(failed(judge(world, old, { minTcb: good(fresh).minTcb ?? {} })), ['snp.expect.min-tcb'])
    assertVerified(judge(world, fresh))
    assert.deepEqual(world.amd.firmware('Genoa').at(-1)?.advisories, ['AMD-SB-3015'])
  })
  it("without the world's anchors it is nobody's", () => {
    const { world } = testWorld()
    const platform = world.snp()
    const { evidence } = platform.attest(REPORT_DATA)
    const verdict = verifySnpSync(evidence, {
      at: world.now(),
      collateral: platform.collateral(),
      expect: good(platform),
    })
    assert.equal(verdict.outcome, 'rejected')
    assert.equal(verdict.authenticity, 'refuted')
  })
  it('with the anchors, but without leave for emulated ones, it is rejected', () => {
    const { world } = testWorld()
    const verdict = judge(world, world.snp(), { allowEmulated: false })
    assert.equal(verdict.outcome, 'rejected')
  })
  it("the ID block of a workload's owner", () => {
    const { world } = testWorld()
    const platform = world.snp({
      idBlock: { idKey: generateKey('P-384'), authorKey: generateKey('P-384') },
      guestSvn: 4,
    })
    const { signer: _, ...expect } = { ...good(platform), signer: [] }
    assertVerified(judge(world, platform, expect))
    assert.equal(judge(world, platform).claims.svn, 4)
  })
})

describe('what the authority does', () => {
  it('revoked ASK, expired list, expired VCEK', () => {
    const revoked = testWorld().world
    revoked.amd.revoke({ product: 'Genoa', part: 'ask' })
    assert.deepEqual(failed(judge(revoked, revoked.snp())), ['snp.crl.not-revoked'])
    const lapsed = testWorld().world
    lapsed.amd.expire({ product: 'Genoa', part: 'crl' })
    assert.deepEqual(failed(judge(lapsed, lapsed.snp())), ['snp.crl.not-after'])
    lapsed.amd.renew({ product: 'Genoa', part: 'crl' })
    assertVerified(judge(lapsed, lapsed.snp()))
    const { chipId } = lapsed.snp()
    lapsed.amd.expire({ chip: chipId })
    assert.deepEqual(failed(judge(lapsed, lapsed.snp())), ['snp.chain.not-after'])
  })
  it('gives each cloud a VLEK of its own', () => {
    const { world } = testWorld()
    const [one, other] = ['one.invalid', 'other.invalid'].map((cloud) => world.snp({ signedBy: 'vlek', cloud }))
    assert.ok(one !== undefined && other !== undefined)
    assertVerified(judge(world, one, { cspIds: ['CN=one.invalid'] }))
    assert.deepEqual(failed(judge(world, other, { cspIds: ['CN=one.invalid'] })), ['snp.expect.provider'])
  })
  it('says that firmware which may be rolled back is provisional', () => {
    const { world } = testWorld()
    const { tcb } = world.snp()
    const verdict = judge(world, world.snp({ provisionalTcb: { ...tcb, microcode: tcb.microcode + 1 } }))
    assert.ok(verdict.notes.some(({ id }) => id === 'snp.provisional-firmware'))
  })
  it('refuses options that make no sense', () => {
    assert.throws(() => testWorld().world.snp({ chip: '' }), /`chip`/)
    assert.throws(() => testWorld().world.snp({ cloud: 'a b' }), /`cloud`/)
    assert.throws(() => testWorld().world.amd.publishFirmware({ product: 'Milan' }), /no Milan/)
    assert.throws(
      () => testWorld().world.amd.publishFirmware({ product: 'Genoa', advisories: ['a b'] }),
      /`advisories`/,
    )
    assert.throws(() => testWorld().world.amd.throttle(-1, 0), TypeError)
    const { world } = testWorld()
    assert.throws(() => world.snp({ measurement: 'zz' }), /`measurement` must be 48 bytes/)
    assert.throws(() => world.snp({ tcb: { fmc: 1, bootLoader: 1, tee: 0, snp: 1, microcode: 1 } }), /`tcb.fmc`/)
    assert.throws(() => world.snp({ product: 'Milan' }).attest(REPORT_DATA), /no Milan/)
    assert.throws(() => world.snp().attest(new Uint8Array(65)), RangeError)
    assert.throws(() => world.amd.revoke({ chip: 'x' }), /`chip`/)
  })
})

describe('sealing keys', () => {
  const { world } = testWorld()
  const hex = (key: Uint8Array): string => Buffer.from(key).toString('hex')
  it('are the same for the same guest on the same chip, and depend on what is mixed in', () => {
    const request = { fields: ['measurement', 'tcb'] } as const
    const key = hex(world.snp().sealingKey(request))
    assert.equal(key.length, 64)
    assert.equal(hex(world.snp().sealingKey(request)), key)
    assert.notEqual(hex(world.snp({ measurement: 'b6'.repeat(48) }).sealingKey(request)), key)
    assert.notEqual(hex(world.snp({ chip: 'another' }).sealingKey(request)), key)
    const policyOnly = { fields: ['guestPolicy'] } as const
    assert.equal(
      hex(world.snp({ measurement: 'b6'.repeat(48) }).sealingKey(policyOnly)),
      hex(world.snp().sealingKey(policyOnly)),
    )
    assert.notEqual(hex(world.snp({ debug: true }).sealingKey(policyOnly)), hex(world.snp().sealingKey(policyOnly)))
  })
  it('of more privileged levels and higher versions are refused', () => {
    assert.throws(() => world.snp({ vmpl: 2 }).sealingKey({ vmpl: 1 }), RangeError)
    assert.throws(() => world.snp({ guestSvn: 1 }).sealingKey({ fields: ['guestSvn'], guestSvn: 2 }), RangeError)
    const { tcb } = world.snp()
    assert.throws(() => world.snp().sealingKey({ tcb: { ...tcb, snp: tcb.snp + 1 } }), RangeError)
  })
  it('of a migration agent differ at each launch', () => {
    assert.notEqual(hex(world.snp().sealingKey({ root: 'vmrk' })), hex(world.snp().sealingKey({ root: 'vmrk' })))
  })
})

test('the KBS object is the report, field by field', () => {
  const { world } = testWorld()
  for (const version of [2, 3, 5] as const) {
    const platform = world.snp({ version })
    const attested = platform.attest(REPORT_DATA)
    const { report, collateral } = parseSnpJson(JSON.stringify(kbsEvidence('snp', attested)))
    assert.deepEqual(Buffer.from(report), Buffer.from(attested.evidence))
    assert.deepEqual(Buffer.from(collateral.vcek as Uint8Array), Buffer.from(platform.collateral().vcek as Uint8Array))
  }
  assert.throws(() => kbsEvidence('tdx', world.snp().attest(REPORT_DATA)), TypeError)
})
