import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import type { Verdict } from '@sekisho/evidence'
import { recognise } from '@sekisho/evidence/recognise'
import { parseTpmJson, type TpmClaims, type TpmExpectations, verifyTpmSync } from '@sekisho/evidence/tpm'
import { kbsEvidence, type TpmPart, type TpmPlatform, type TpmPlatformOptions, type World } from '../src/index.ts'
import { assertVerified, failed, REPORT_DATA, REPORT_DATA_HEX, worldWithoutAmd } from './judging.ts'

function judge(world: World, platform: TpmPlatform, expect: TpmExpectations = {}): Verdict<TpmClaims> {
  return verifyTpmSync(parseTpmJson(platform.attest(REPORT_DATA).evidence), {
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

test('quotes are verified by the evidence code, with what the log proves', () => {
  const { world } = worldWithoutAmd()
  assertVerified(judge(world, world.tpm(), { secureBoot: true, requiredPcrs: [0, 7], resetCounts: [1] }))
  assertVerified(judge(world, world.tpm({ boot: { secureBoot: false }, pcrs: [7, 0, 4] }), { secureBoot: false }))
  assertVerified(judge(world, world.tpm({ chip: 'other', resetCount: 7 }), { resetCounts: [7] }))
})

describe('each knob makes its own check fail', () => {
  const fresh = worldWithoutAmd().world.tpm()
  const cases: readonly (readonly [string, TpmPlatformOptions, TpmExpectations, readonly string[]])[] = [
    ['Secure Boot off', { boot: { secureBoot: false } }, { secureBoot: true }, ['tpm.expect.secure-boot']],
    [
      'another kernel',
      { boot: { kernel: Uint8Array.of(1) } },
      { pcrs: { 4: [fresh.pcrs[4] ?? ''] } },
      ['tpm.expect.pcrs'],
    ],
    [
      'another command line',
      { boot: { commandLine: 'debug' } },
      { pcrs: { 8: [fresh.pcrs[8] ?? ''] } },
      ['tpm.expect.pcrs'],
    ],
    ['fewer registers', { pcrs: [0] }, { requiredPcrs: [0, 7] }, ['tpm.expect.selection']],
    ['resets', { resetCount: 9 }, { resetCounts: [1] }, ['tpm.expect.resets']],
    ['a loose key', { unrestrictedKey: true }, {}, ['tpm.ak.attributes']],
    ['the log of another boot', { foreignEventLog: true }, {}, ['tpm.log.replay']],
    ['wrong binding', { wrongBinding: true }, {}, ['tpm.expect.report-data', 'tpm.expect.freshness']],
    ['wrong signature', { wrongSignature: true }, {}, ['tpm.quote.signature']],
  ]
  for (const [name, options, expect, ids] of cases) {
    it(name, () => {
      const { world } = worldWithoutAmd()
      assert.deepEqual(failed(judge(world, world.tpm(options), expect)), ids)
    })
  }
  it('a register that the running system extended', () => {
    const { world } = worldWithoutAmd()
    const platform = world.tpm()
    const before = { measurement: [platform.measurement], pcrs: { 10: [platform.pcrs[10] ?? ''] } }
    platform.extend(10, 'something was loaded')
    assert.deepEqual(failed(judge(world, platform, before)), ['tpm.expect.measurement', 'tpm.expect.pcrs'])
    assertVerified(judge(world, platform))
    platform.extend(7, 'behind the back of the log')
    assert.deepEqual(failed(judge(world, platform)), ['tpm.log.replay'])
    assert.throws(() => platform.extend(24, ''), RangeError)
    assert.throws(() => world.tpm({ pcrs: [] }), /`pcrs`/)
    assert.throws(() => platform.attest(new Uint8Array(65)), RangeError)
  })
  it('a key that nobody vouches for', () => {
    const { world } = worldWithoutAmd()
    const verdict = judge(world, world.tpm({ withoutCertificate: true }))
    assert.equal(verdict.outcome, 'incomplete')
  })
  it('certificates that ran out', () => {
    const { world } = worldWithoutAmd()
    for (const part of ['root', 'intermediate', 'ak'] satisfies TpmPart[]) {
      world.tpmVendor.expire(part)
      assert.deepEqual(failed(judge(world, world.tpm())), ['tpm.chain.not-after'], part)
      world.tpmVendor.renew(part)
    }
    assertVerified(judge(world, world.tpm()))
  })
  it("no anchor of the world's", () => {
    const { world } = worldWithoutAmd()
    const verdict = verifyTpmSync(parseTpmJson(world.tpm().attest(REPORT_DATA).evidence), { at: world.now() })
    assert.deepEqual(failed(verdict).includes('tpm.chain.pinned'), true)
  })
})

test('the evidence is recognised, and its KBS object has the parts', () => {
  const { world } = worldWithoutAmd()
  const attested = world.tpm().attest(REPORT_DATA)
  assert.equal(recognise(attested.evidence).tee, 'tpm')
  const kbs = JSON.parse(JSON.stringify(kbsEvidence('tpm', attested)))
  assert.deepEqual(Buffer.from(kbs.tpm_quote.message, 'base64'), Buffer.from(attested.message))
  assert.deepEqual(Buffer.from(kbs.ak_public, 'base64'), Buffer.from(attested.akPublic))
  assert.deepEqual(kbs.tpm_quote.pcrs, Object.values(attested.pcrs))
})
