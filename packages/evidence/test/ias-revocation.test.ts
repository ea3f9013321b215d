import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { distinguishedName } from '@sekisho/emulator/kit'
import type { Verdict } from '../src/core/verdict.ts'
import { verifyIasSync } from '../src/ias/index.ts'
import { AT, archive, authorityFor, bytes, check, FULL, leaf, list, STRANGER } from './ias-kit.ts'

describe('archived IAS reports with a revocation list', () => {
  const LATER = new Date('2026-01-01T00:00:00Z')
  const judged = (crl: Uint8Array | undefined, at = AT): Verdict =>
    verifyIasSync(archive(), { ...FULL, at, ...(crl === undefined ? {} : { crl }) })
  const isAssumed = (verdict: Verdict): boolean => verdict.assumed.some(({ id }) => id === 'not-revoked')

  it('rely on the key not being revoked where there is none, and say so', () => {
    const verdict = judged(undefined)
    for (const id of ['genuine', 'not-revoked'])
      assert.equal(check(verdict, `ias.crl.${id}`).outcome, 'not-applicable', id)
    assert.ok(isAssumed(verdict))
  })

  it('rely on the list where there is one: of the time of the report, or later', () => {
    const later = { thisUpdate: new Date('2025-01-01T00:00:00Z'), nextUpdate: new Date('2025-02-01T00:00:00Z') }
    for (const verdict of [judged(list()), judged(list({ revoked: [] })), judged(list(later), LATER)]) {
      assert.equal(verdict.outcome, 'verified', verdict.summary)
      for (const id of ['genuine', 'not-revoked']) assert.equal(check(verdict, `ias.crl.${id}`).outcome, 'pass', id)
      assert.ok(!isAssumed(verdict))
    }
  })

  it('are refused when the signing certificate is listed, whenever that was', () => {
    const revoked = [{ serial: 1 }, { serial: 2, at: new Date('2021-09-30T00:00:00Z') }]
    const later = { thisUpdate: new Date('2025-01-01T00:00:00Z'), nextUpdate: new Date('2025-02-01T00:00:00Z') }
    for (const verdict of [judged(list({ revoked })), judged(list({ revoked, ...later }), LATER)]) {
      assert.equal(verdict.authenticity, 'refuted')
      assert.match(check(verdict, 'ias.crl.not-revoked').reason, /0x02 is revoked/)
    }
  })

  it('are refused with a list of an authority that may sign certificates alone', () => {
    const judge = (above: Uint8Array): Verdict =>
      verifyIasSync(archive({ certificates: [leaf(), above] }), { ...FULL, crl: list() })
    const { outcome, reason } = check(judge(authorityFor('keyCertSign')), 'ias.crl.genuine')
    assert.deepEqual([outcome, judge(authorityFor()).outcome], ['fail', 'verified'])
    assert.match(reason, /an authority that must not sign lists/)
  })

  for (const [name, crl, reason] of [
    ['is none', bytes('no list'), /crl/],
    ['is cut', list().subarray(0, 100), /crl/],
    ['another authority issued', list({ issuer: distinguishedName(['CN', 'Other']) }), /another authority/],
    ['another key signed', list({ issuerKey: STRANGER }), /not signed by the authority/],
    ['was changed', list({ corrupt: 'signed-part' }), /not signed by the authority/],
    ['ended before the report', list({ nextUpdate: new Date('2021-09-12T18:06:19Z') }), /before the report was made/],
    ['has no end', list({ nextUpdate: undefined }), /until when/],
    ['is of the future', list({ thisUpdate: new Date('2021-09-13T00:00:00Z') }), /later than the time of judging/],
    [
      'has an extension that is critical and not known',
      list({ extensions: [{ oid: '1.2.3', critical: true, value: Uint8Array.of(5, 0) }] }),
      /critical extension that is not known \(1\.2\.3\)/,
    ],
  ] as const) {
    it(`are refused with a list that ${name}: it says nothing, and the caller meant to ask`, () => {
      const verdict = judged(crl)
      assert.equal(verdict.outcome, 'rejected')
      const { outcome, reason: said, remedy } = check(verdict, 'ias.crl.genuine')
      assert.deepEqual([outcome, remedy?.by], ['fail', 'relying-party'])
      assert.match(said, reason)
      assert.equal(check(verdict, 'ias.crl.not-revoked').outcome, 'unchecked')
    })
  }
})
