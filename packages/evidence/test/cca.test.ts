import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ccaCheckIds, encodeCcaToken, parseCcaToken, verifyCcaSync } from '../src/cca/index.ts'
import { toHex } from '../src/core/bytes.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { AT, coseKey, ES256, endorsements, filled, makeCca, RIM, STRANGER } from './arm-kit.ts'
import { check, FAILING, judged, NEVER_FAIL, rems } from './cca-kit.ts'

describe('CCA: every check', () => {
  it('a good token is verified', () => {
    const verdict = judged()
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.equal(verdict.claims.platform.lifecycleState, 'secured')
    canonicalJson(verdict)
  })
  for (const [id, asked] of Object.entries(FAILING)) {
    it(`${id} can fail, with a reason and a remedy`, () => {
      const verdict = judged(asked())
      const failed = check(verdict, id)
      assert.equal(failed.outcome, 'fail', failed.reason)
      assert.ok(failed.reason.length > 10 && (failed.remedy?.action.length ?? 0) > 10)
      assert.equal(verdict.outcome, 'rejected')
      assert.equal(verdict.authenticity, failed.phase === 'authenticity' ? 'refuted' : 'proven')
    })
  }
  it('there is no check that was not shown failing', () => {
    assert.deepEqual([...Object.keys(FAILING), ...NEVER_FAIL].sort(), [...ccaCheckIds()].sort())
  })
  it('without a key nothing is proven, and it cannot be waived', () => {
    const verdict = judged({ endorsements: {} })
    assert.equal(check(verdict, 'cca.key.present').outcome, 'unchecked')
    assert.equal(verdict.authenticity, 'unproven')
    assert.throws(() => judged({ waive: ['cca.key.present'] }), TypeError)
    assert.throws(() => judged({ waive: ['cca.realm.binding'] }), TypeError)
  })
  it('a key endorsed for another implementation or instance does not count', () => {
    for (const member of ['implementation-id', 'instance-id']) {
      const [key] = JSON.parse(endorsements().keys ?? '') as [object]
      const keys = JSON.stringify([{ ...key, [member]: '99'.repeat(32) }])
      assert.equal(judged({ endorsements: { keys } }).authenticity, 'unproven')
    }
  })
  it('without expectations a genuine token is incomplete', () => {
    const verdict = verifyCcaSync(makeCca(), { at: AT, endorsements: { keys: endorsements().keys ?? '' } })
    assert.equal(verdict.outcome, 'incomplete')
    for (const id of ['reference.components', 'expect.measurement', 'expect.report-data', 'expect.freshness'])
      assert.equal(check(verdict, `cca.${id}`).outcome, 'unchecked')
  })
  it('what the realm or its owner wrote is open until it is compared', () => {
    assert.equal(judged({ realm: { extensibleMeasurements: rems(2) } }).outcome, 'incomplete')
    assert.equal(judged({ realm: { personalizationValue: filled(64, 1) } }).outcome, 'incomplete')
    const open = judged({ realm: { extensibleMeasurements: rems(2) }, waive: ['cca.expect.rem2'] })
    assert.equal(open.outcome, 'verified')
    assert.ok(open.assumed.some(({ id }) => id === 'guest-written-registers'))
  })
  it('registers of two reference realms do not add up to a third', () => {
    const hex = (value: number): string => toHex(filled(32, value))
    const reference = (first: number, second: number, initial = RIM): object => ({
      'initial-measurement': toHex(initial),
      'extensible-measurements': [hex(first), hex(second), hex(0), hex(0)],
    })
    const given = endorsements()
    const referenceValues = JSON.stringify({
      ...JSON.parse(given.referenceValues ?? '{}'),
      realm: [reference(1, 2), reference(3, 4), reference(5, 6, filled(32, 9))],
    })
    const of = (first: number, second: number): readonly string[] => {
      const extensibleMeasurements = [first, second, 0, 0].map((value) => filled(32, value))
      const verdict = verifyCcaSync(makeCca({ realm: { extensibleMeasurements } }), {
        at: AT,
        endorsements: { ...given, referenceValues },
      })
      return ['rem0', 'rem1'].map((name) => check(verdict, `cca.expect.${name}`).outcome)
    }
    assert.deepEqual(of(1, 2), ['pass', 'pass'])
    assert.deepEqual(of(3, 4), ['pass', 'pass'])
    assert.ok(of(1, 4).includes('fail'))
    assert.ok(of(3, 2).includes('fail'))
    // Nor are those of another realm this one's.
    assert.deepEqual(of(5, 6), ['fail', 'fail'])
  })
  it('every lifecycle state but secured rejects; debug outside of the platform can be allowed', () => {
    for (const [lifecycle, state] of [
      [0, 'unknown'],
      [0x10ff, 'assembly-and-test'],
      [0x2000, 'rot-provisioning'],
      [0x5001, 'recoverable-rot-debug'],
      [0x6000, 'decommissioned'],
      [0x3100, 'invalid'],
      [0x7000, 'invalid'],
    ] as const) {
      const verdict = judged({ platform: { lifecycle }, expect: { allowDebug: true } })
      assert.equal(verdict.claims.platform.lifecycleState, state)
      assert.equal(verdict.outcome, 'rejected')
    }
    assert.equal(judged({ platform: { lifecycle: 0x30ff } }).outcome, 'verified')
    assert.equal(judged({ platform: { lifecycle: 0x4000 }, expect: { allowDebug: true } }).outcome, 'verified')
  })
  it('the algorithm in the header is no hint', () => {
    assert.equal(check(judged({ platformHeader: ES256 }), 'cca.platform.signature').outcome, 'fail')
    assert.equal(check(judged({ realmHeader: ES256 }), 'cca.realm.signature').outcome, 'fail')
  })
  it('a hash algorithm without a meaning binds nothing', () => {
    assert.equal(check(judged({ realm: { publicKeyHashAlgorithm: 'md5' } }), 'cca.realm.binding').outcome, 'fail')
  })
})

describe('soundness 49: the binding is over the raw key bytes as sent', () => {
  it('two genuine halves of different devices are not one token', () => {
    const a = parseCcaToken(makeCca())
    const b = parseCcaToken(makeCca({ realm: { publicKey: coseKey(STRANGER) }, realmSigner: STRANGER }))
    const verdict = judged({}, encodeCcaToken({ ...a, realm: b.realm }))
    assert.equal(check(verdict, 'cca.realm.binding').outcome, 'fail')
    assert.equal(check(verdict, 'cca.platform.signature').outcome, 'pass')
    assert.equal(check(verdict, 'cca.realm.signature').outcome, 'pass')
    assert.equal(verdict.authenticity, 'refuted')
  })
  it('the same key in another encoding is another binding', () => {
    const point = coseKey(STRANGER)
    // The same four members, in another order.
    const members = [point.subarray(1, 3), point.subarray(3, 5), point.subarray(5, 56), point.subarray(56)] as const
    const reordered = Uint8Array.from([0xa4, ...members[3], ...members[2], ...members[1], ...members[0]])
    const bound = judged({ realm: { publicKey: reordered }, realmSigner: STRANGER })
    assert.equal(check(bound, 'cca.realm.binding').outcome, 'pass')
    assert.equal(check(bound, 'cca.realm.signature').outcome, 'pass')
    const claims = parseCcaToken(makeCca({ realm: { publicKey: point }, realmSigner: STRANGER })).platform.claims
    const unbound = judged({
      realm: { publicKey: reordered },
      realmSigner: STRANGER,
      platform: { challenge: claims.challenge },
    })
    assert.equal(check(unbound, 'cca.realm.binding').outcome, 'fail')
  })
})
