import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import type { Verdict } from '@sekisho/evidence'
import { type CcaClaims, type CcaExpectations, verifyCcaSync } from '@sekisho/evidence/cca'
import { type NitroClaims, type NitroExpectations, verifyNitroSync } from '@sekisho/evidence/nitro'
import { recognise } from '@sekisho/evidence/recognise'
import {
  type AwsPart,
  type CcaPlatform,
  type CcaPlatformOptions,
  kbsEvidence,
  type NitroPlatform,
  type NitroPlatformOptions,
  type World,
} from '../src/index.ts'
import { assertVerified, failed, REPORT_DATA, REPORT_DATA_HEX, worldWithoutAmd } from './judging.ts'

const NONCE: Uint8Array = new Uint8Array(32).fill(9)

function judgeNitro(world: World, platform: NitroPlatform, expect: NitroExpectations = {}): Verdict<NitroClaims> {
  return verifyNitroSync(platform.attest(REPORT_DATA).evidence, {
    at: world.now(),
    trustAnchors: world.anchors,
    expect: {
      ...platform.reference(),
      reportData: REPORT_DATA_HEX,
      reportDataIsFresh: true,
      allowEmulated: true,
      ...expect,
    },
  })
}

function judgeCca(world: World, platform: CcaPlatform, expect: CcaExpectations = {}): Verdict<CcaClaims> {
  return verifyCcaSync(platform.attest(REPORT_DATA).evidence, {
    at: world.now(),
    trustAnchors: world.anchors,
    endorsements: platform.endorsements(),
    expect: {
      ...platform.reference(),
      reportData: REPORT_DATA_HEX,
      reportDataIsFresh: true,
      allowEmulated: true,
      ...expect,
    },
  })
}

describe('Nitro documents', () => {
  it('are verified by the evidence code', () => {
    const { world } = worldWithoutAmd()
    assertVerified(judgeNitro(world, world.nitro()))
    const full = world.nitro({ role: 'arn:aws:iam::123456789012:role/emulated', signer: '88'.repeat(48) })
    full.extend(16, REPORT_DATA)
    assertVerified(judgeNitro(world, full, { pcrs: { 3: [full.pcrs['3'] ?? ''], 16: [full.pcrs['16'] ?? ''] } }))
    const { evidence } = full.attest(REPORT_DATA, { nonce: NONCE, publicKey: Uint8Array.of(1, 2, 3) })
    const nonce = Buffer.from(NONCE).toString('hex')
    const expect = { measurement: [full.measurement], nonce, publicKey: '010203', allowEmulated: true }
    const verdict = verifyNitroSync(evidence, { at: world.now(), trustAnchors: world.anchors, expect })
    assert.deepEqual(failed(verdict), [])
    assert.equal(verdict.claims.userData, REPORT_DATA_HEX)
  })
  const cases: readonly (readonly [string, NitroPlatformOptions, NitroExpectations, readonly string[]])[] = [
    ['debug', { debug: true }, {}, ['nitro.debug']],
    ['measurement', { measurement: '01'.repeat(48) }, { measurement: ['a0'.repeat(48)] }, ['nitro.expect.measurement']],
    ['signer', { signer: '01'.repeat(48) }, { signer: ['02'.repeat(48)] }, ['nitro.expect.signer']],
    ['instance', { chip: 'other' }, { instanceIds: ['i-00000000000000000'] }, ['nitro.expect.instance']],
    ['wrong binding', { wrongBinding: true }, {}, ['nitro.expect.user-data', 'nitro.expect.freshness']],
    ['wrong signature', { wrongSignature: true }, {}, ['nitro.document.signature']],
  ]
  for (const [name, options, expect, ids] of cases) {
    it(`knob: ${name}`, () => {
      const { world } = worldWithoutAmd()
      assert.deepEqual(failed(judgeNitro(world, world.nitro(options), expect)), ids)
    })
  }
  it('carry certificates that hold for hours, and each part can have run out', () => {
    const { world, clock } = worldWithoutAmd()
    const platform = world.nitro()
    const { evidence } = platform.attest(REPORT_DATA)
    for (const part of ['root', 'region', 'zone', 'instance', 'enclave'] satisfies AwsPart[]) {
      world.aws.expire(part)
      assert.deepEqual(failed(judgeNitro(world, platform)), ['nitro.chain.not-after'], part)
      world.aws.renew(part)
    }
    for (let hours = 0; hours < 200; hours += 7) {
      clock.at = new Date(Date.parse('2026-06-15T12:00:00Z') + hours * 3_600_000)
      assertVerified(judgeNitro(world, platform))
    }
    const later = verifyNitroSync(evidence, { at: world.now(), trustAnchors: world.anchors })
    assert.deepEqual(failed(later).includes('nitro.chain.not-after'), true)
  })
  it('refuse what does not fit', () => {
    const { world } = worldWithoutAmd()
    const platform = world.nitro()
    assert.throws(() => platform.attest(new Uint8Array(513)), RangeError)
    assert.throws(() => platform.attest(REPORT_DATA, { publicKey: new Uint8Array() }), RangeError)
    assert.throws(() => platform.extend(4, REPORT_DATA), RangeError)
  })
  it("are nobody's without the anchors of the world", () => {
    const { world } = worldWithoutAmd()
    const verdict = verifyNitroSync(world.nitro().attest(REPORT_DATA).evidence, { at: world.now() })
    assert.deepEqual(failed(verdict).includes('nitro.root.pinned'), true)
  })
})

describe('CCA tokens', () => {
  it('are verified by the evidence code', () => {
    const { world } = worldWithoutAmd()
    assertVerified(judgeCca(world, world.cca()))
    assertVerified(judgeCca(world, world.cca({ chip: 'machine-2', hostData: '07'.repeat(64) })))
    const realm = world.cca()
    realm.extend(0, REPORT_DATA)
    const rem0 = realm.rems[0] ?? ''
    assertVerified(judgeCca(world, realm, { rem0: [rem0] }))
    assert.deepEqual(failed(judgeCca(world, world.cca(), { rem0: [rem0] })), ['cca.expect.rem0'])
  })
  const component = { type: 'BL2', version: '0.9.0', measurement: '00'.repeat(32), signerId: '5a'.repeat(32) }
  const cases: readonly (readonly [string, CcaPlatformOptions, CcaExpectations, readonly string[]])[] = [
    ['debug', { debug: true }, {}, ['cca.lifecycle']],
    ['lifecycle', { lifecycle: 0x6000 }, { allowDebug: true }, ['cca.lifecycle']],
    ['measurement', { measurement: '01'.repeat(32) }, { measurement: ['c4'.repeat(32)] }, ['cca.expect.measurement']],
    ['host data', { hostData: '01'.repeat(64) }, { hostData: ['00'.repeat(64)] }, ['cca.expect.host-data']],
    ['firmware', { components: [component] }, {}, ['cca.reference.components']],
    ['halves of two tokens', { foreignPlatformToken: true }, {}, ['cca.realm.binding']],
    ['wrong binding', { wrongBinding: true }, {}, ['cca.expect.report-data', 'cca.expect.freshness']],
    ['wrong signature', { wrongSignature: true }, {}, ['cca.realm.signature']],
  ]
  for (const [name, options, expect, ids] of cases) {
    it(`knob: ${name}`, () => {
      const { world } = worldWithoutAmd()
      assert.deepEqual(failed(judgeCca(world, world.cca(options), expect)), ids)
    })
  }
  it('say EMULATED whatever their key was endorsed as', () => {
    const { world } = worldWithoutAmd()
    const platform = world.cca()
    const { evidence } = platform.attest(REPORT_DATA)
    const [entry] = JSON.parse(platform.endorsements().keys)
    const { referenceValues } = world.arm.endorsements()
    const keys: readonly string[] = [platform.endorsements().keys, JSON.stringify(entry.pkey)]
    for (const key of keys) {
      const options = { at: world.now(), endorsements: { keys: key, referenceValues }, expect: platform.reference() }
      const verdict = verifyCcaSync(evidence, options)
      assert.deepEqual(failed(verdict), ['cca.hardware'])
      assert.deepEqual([verdict.emulated, verdict.claims.hardware], [true, false])
      const trustAnchors = world.anchors.map((anchor) => ({ ...anchor, emulated: false }))
      assert.equal(verifyCcaSync(evidence, { ...options, trustAnchors }).emulated, true, 'no list makes it real')
      const allowed = verifyCcaSync(evidence, { ...options, expect: { ...options.expect, allowEmulated: true } })
      assert.deepEqual([failed(allowed), allowed.emulated], [[], true])
    }
  })
  it("of platforms that the anchors do not name are nobody's", () => {
    const { world } = worldWithoutAmd()
    const platform = world.cca({ chip: 'machine-3' })
    const { evidence } = platform.attest(REPORT_DATA)
    const trustAnchors = worldWithoutAmd().world.anchors
    const options = { at: world.now(), trustAnchors, endorsements: platform.endorsements() }
    assert.deepEqual(failed(verifyCcaSync(evidence, options)).includes('cca.key.trusted'), true)
  })
})

test('KBS objects hold the evidence', () => {
  const { world } = worldWithoutAmd()
  const document = world.nitro().attest(REPORT_DATA)
  const found = recognise(new TextEncoder().encode(JSON.stringify(kbsEvidence('nitro', document))))
  assert.equal(found.tee, 'nitro')
  assert.deepEqual(Buffer.from(found.evidence), Buffer.from(document.evidence))
  const token = world.cca().attest(REPORT_DATA)
  assert.deepEqual(kbsEvidence('cca', token), { token: [...token.evidence] })
})
