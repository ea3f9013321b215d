import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cborInteger, cborText } from '../src/cbor/encode.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { EvidenceError } from '../src/core/errors.ts'
import type { Verdict } from '../src/core/verdict.ts'
import { parseToken, readTokenExpectations, tokenSkeleton } from '../src/token/index.ts'
import { CLAIMS, CLAIMS_CBOR, cwt, judge, jwt, NONCE, UEID } from './eat-token-kit.ts'
import { check } from './token-kit.ts'

type Expect = Parameters<typeof judge>[1]
const DISABLED = ['disabled', 'disabled-since-boot', 'disabled-permanently', 'disabled-fully-and-permanently']

const said = (also: object, expect?: Expect): Verdict => judge(jwt({ ...CLAIMS, ...also }), expect)

describe('the debug state of an entity attestation token', () => {
  it('is good where it is disabled in any way', () => {
    for (const [i, dbgstat] of DISABLED.entries()) {
      assert.equal(said({ dbgstat }).outcome, 'verified', dbgstat)
      const cbor = cwt(new Map(CLAIMS_CBOR).set(263, cborInteger(i + 1)))
      assert.equal(judge(cbor).outcome, 'verified', dbgstat)
    }
  })

  it('is refused where it is enabled or not told, unless that is allowed', () => {
    const { dbgstat: _, ...silent } = CLAIMS
    const cbor = [...CLAIMS_CBOR].filter(([number]) => number !== 263)
    for (const evidence of [
      jwt({ ...CLAIMS, dbgstat: 'enabled' }),
      jwt(silent),
      cwt(new Map(CLAIMS_CBOR).set(263, cborInteger(0))),
      cwt(cbor),
    ]) {
      const verdict = judge(evidence)
      assert.equal(check(verdict, 'token.debug').outcome, 'fail')
      assert.deepEqual([verdict.outcome, verdict.claims.debug], ['rejected', true])
      const allowed = judge(evidence, { allowDebug: true })
      assert.deepEqual([allowed.outcome, allowed.claims.debug], ['verified', true])
    }
  })

  it('of a submodule is its own: what is said above it counts for nothing', () => {
    const submods = (sim: object): object => ({
      submods: { modem: { swname: 'Modem', dbgstat: 'disabled', submods: { sim } } },
    })
    assert.equal(check(said(submods({ dbgstat: 'disabled' })), 'token.submodules.debug').outcome, 'pass')
    const enabled = said(submods({ dbgstat: 'enabled' }))
    assert.equal(check(enabled, 'token.submodules.debug').outcome, 'fail')
    assert.match(check(enabled, 'token.submodules.debug').reason, /"modem\/sim"/)
    assert.deepEqual([enabled.outcome, enabled.claims.debug], ['rejected', true])
    const silent = said(submods({ swname: 'Sim' }))
    assert.equal(check(silent, 'token.submodules.debug').outcome, 'unchecked')
    assert.equal(silent.outcome, 'incomplete')
    const waive = ['token.submodules.debug']
    const evidence = (sim: object): Uint8Array => jwt({ ...CLAIMS, ...submods(sim) })
    assert.equal(judge(evidence({ swname: 'Sim' }), {}, { waive }).outcome, 'verified')
    assert.equal(judge(evidence({ dbgstat: 'enabled' }), {}, { waive }).outcome, 'rejected')
    for (const sim of [{ dbgstat: 'enabled' }, {}])
      assert.equal(said(submods(sim), { allowDebug: true }).outcome, 'verified')
  })
})

describe('what an entity attestation token has to say beside its nonce', () => {
  it('is which profile speaks', () => {
    const open = said({}, { profiles: undefined })
    assert.equal(check(open, 'token.expect.profile').outcome, 'unchecked')
    assert.equal(open.outcome, 'incomplete')
    assert.equal(judge(jwt(CLAIMS), { profiles: undefined }, { waive: ['token.expect.profile'] }).outcome, 'verified')
    assert.equal(said({}, { profiles: ['https://other.example'] }).outcome, 'rejected')
  })

  it('is something of the device or its software', () => {
    const open = said({}, { claims: undefined })
    assert.equal(check(open, 'token.expect.claims').outcome, 'unchecked')
    assert.equal(open.outcome, 'incomplete')
    // Neither the issuer nor the exchange is what was attested.
    for (const claims of [
      { iss: CLAIMS['iss'] as string, eat_nonce: NONCE },
      { '/eat_profile': 'tag:maker.example,2026:gateway' },
    ]) {
      assert.equal(check(said({}, { claims }), 'token.expect.claims').outcome, 'unchecked')
      assert.equal(said({}, { claims, ueids: [UEID] }).outcome, 'verified')
      assert.equal(said({}, { claims: { ...claims, oemboot: true } }).outcome, 'verified')
      assert.equal(said({}, { claims: { ...claims, iss: 'https://other.example' } }).outcome, 'rejected')
    }
    assert.equal(said({}, { claims: undefined, ueids: [UEID] }).outcome, 'verified')
    assert.equal(
      said({}, { claims: undefined, ueids: [`01${'00'.repeat(16)}`, UEID.toUpperCase()] }).outcome,
      'verified',
    )
    assert.equal(said({}, { claims: undefined, ueids: [`01${'00'.repeat(16)}`] }).outcome, 'rejected')
    const { ueid: _, ...nameless } = CLAIMS
    assert.equal(judge(jwt(nameless), { ueids: [UEID] }).outcome, 'rejected')
  })

  it('are claims with just these values, at the top or below it', () => {
    for (const [claims, outcome] of [
      [{ swversion: ['3.1.4', 16_384], oemboot: true, oemid: 76_543 }, 'pass'],
      [{ '/submods/modem/submods/sim': { dbgstat: 'disabled' } }, 'pass'],
      [{ measres: [['boot loader', [['kernel', 'success']]]] }, 'pass'],
      [{ swversion: ['3.1.4'] }, 'fail'],
      [{ swversion: [16_384, '3.1.4'] }, 'fail'],
      [{ oemid: '76543' }, 'fail'],
      [{ oemboot: 1 }, 'fail'],
      [{ constructor: 'x' }, 'fail'],
      [{ toString: '' }, 'fail'],
      [{ swname: 'Gateway OS', other: 'x' }, 'fail'],
      [{ '/submods/modem/submods/sim': { dbgstat: 'disabled', more: 1 } }, 'fail'],
      [{ '/submods/modem': 'x' }, 'fail'],
      [{ '/swversion/0': '3.1.4' }, 'fail'],
    ] as const)
      for (const evidence of [jwt(CLAIMS), cwt(CLAIMS_CBOR)])
        assert.equal(check(judge(evidence, { claims }), 'token.expect.claims').outcome, outcome, JSON.stringify(claims))
    // The order of members does not count, and a fraction is equal to nothing.
    assert.equal(said({ a: { b: 1, c: [true] } }, { claims: { a: { c: [true], b: 1 } } }).outcome, 'verified')
    assert.equal(said({ a: 1.5, 'x/y~z': { 'a/b': 1 } }, { claims: { a: 2 } }).outcome, 'rejected')
    assert.equal(said({ x: { 'a/b': { 'c~d': 1 } } }, { claims: { '/x/a~1b/c~0d': 1 } }).outcome, 'verified')
    assert.equal(said({ x: null }, { claims: { x: 'null' } }).outcome, 'rejected')
  })

  it('is asked for in bounds', () => {
    const many = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, i]))
    let deep: unknown = 1
    for (let i = 0; i < 17; i++) deep = [deep]
    for (const claims of [{}, many(65), { a: null }, { a: [null] }, { a: 1.5 }, { a: undefined }, { a: deep }, [], 'x'])
      assert.throws(() => readTokenExpectations({ claims }), {
        name: 'TypeError',
        message: /^expectations\.claims: expected/,
      })
    assert.throws(() => readTokenExpectations({ claims: { a: 'x'.repeat(16_385) } }), /claims: expected/)
    assert.throws(() => readTokenExpectations({ claims: { a: new Date(0) } }), /claims: expected/)
    assert.deepEqual(readTokenExpectations({ claims: many(64) }), { claims: many(64) })
    for (const ueids of ['01', 'zz', '01'.repeat(34)])
      assert.throws(() => readTokenExpectations({ ueids }), /ueids: expected/)
  })

  it('tells the names of claims that differ, and no value', () => {
    const verdict = said({ key: 'a secret' }, { claims: { key: 'another secret', swname: 'Gateway OS' } })
    const { reason, expected, actual } = check(verdict, 'token.expect.claims')
    assert.match(reason, /"key"/)
    assert.deepEqual([expected, actual], ['"key", "swname"', '"swname"'])
    assert.doesNotMatch(JSON.stringify(verdict), /a secret|another secret/)
  })

  it('is that its maker’s software alone has booted, where somebody asks', () => {
    const { oemboot: _, ...silent } = CLAIMS
    for (const [evidence, outcome] of [
      [jwt(CLAIMS), 'pass'],
      [jwt({ ...CLAIMS, oemboot: false }), 'fail'],
      [jwt(silent), 'unchecked'],
    ] as const)
      assert.equal(check(judge(evidence, { secureBoot: true }), 'token.expect.secure-boot').outcome, outcome)
    assert.equal(said({ oemboot: false }).outcome, 'incomplete')
    assert.equal(said({ oemboot: false }, { secureBoot: false }).outcome, 'verified')
  })

  it('is the model of the hardware, where somebody asks', () => {
    assert.equal(said({}, { hardwareModels: ['rD4'] }).outcome, 'verified')
    assert.equal(said({}, { hardwareModels: ['AAAA'] }).outcome, 'rejected')
  })

  it('is the nonce, among others where there are several', () => {
    const [other, third] = ['another-nonce', 'third-nonce']
    assert.equal(said({ eat_nonce: [other, NONCE] }).outcome, 'verified')
    assert.equal(said({ eat_nonce: [other, third] }).outcome, 'rejected')
    assert.equal(said({ eat_nonce: other }).outcome, 'rejected')
    // A list of one breaks the rule for it.
    assert.equal(check(said({ eat_nonce: [NONCE] }), 'token.profile').outcome, 'fail')
    const { eat_nonce: _, ...stale } = CLAIMS
    assert.equal(judge(jwt(stale)).outcome, 'rejected')
    assert.equal(judge(jwt(stale), { nonce: undefined }).outcome, 'incomplete')
  })

  it('is nothing that only other services tell', () => {
    const hex = 'ab'.repeat(32)
    for (const expect of [{ measurement: [hex] }, { signer: [hex] }, { reportData: hex }, { hostData: [hex] }] as const)
      assert.equal(said({}, expect).outcome, 'rejected', JSON.stringify(expect))
  })
})

describe('whatever an issuer signs', () => {
  const names = [...Object.keys(CLAIMS).filter((name) => !['iss', 'iat', 'exp'].includes(name)), 'nbf', 'aud', 'other']
  const value = fc.jsonValue({ maxDepth: 5 })
  const submods = fc.dictionary(fc.string(), fc.oneof(value, fc.dictionary(fc.constantFrom(...names), value)))

  it('is judged: no claim of any form is an error of another kind, and none is forgotten by the canonical verdict', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), submods, (claims, below) => {
        const evidence = jwt({ ...CLAIMS, submods: below, ...claims })
        try {
          const token = parseToken(evidence)
          assert.ok(canonicalJson(judge(evidence)).length > 0)
          // What it proposes can be expected, and is met.
          const { issuer: _, audience: _2, nonce: _3, ...expect } = tokenSkeleton(token)
          const verdict = judge(evidence, { claims: undefined, ...readTokenExpectations(expect) })
          const claimed = check(verdict, 'token.expect.claims').outcome
          assert.ok(claimed === 'pass' || !Object.hasOwn(expect, 'claims'), claimed)
        } catch (error) {
          if (!(error instanceof EvidenceError)) throw error
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe('results and submodules of an entity attestation token', () => {
  it('a measurement that failed is refused by name, one that was not made stays open', () => {
    const results = (result: string | number, submodule = false): object => {
      const measres = [
        [
          'boot loader',
          [
            ['kernel', 'success'],
            ['initrd', result],
          ],
        ],
      ]
      return submodule ? { submods: { modem: { swname: 'Modem', dbgstat: 'disabled', measres } } } : { measres }
    }
    for (const [result, outcome] of [
      ['success', 'pass'],
      [1, 'pass'],
      ['fail', 'fail'],
      [2, 'fail'],
      ['not-run', 'unchecked'],
      ['absent', 'unchecked'],
    ] as const)
      for (const below of [false, true])
        assert.equal(check(said(results(result, below)), 'token.results').outcome, outcome, `${result} ${below}`)
    assert.match(check(said(results('fail')), 'token.results').reason, /"initrd" by "boot loader"$/)
    assert.match(check(said(results('fail', true)), 'token.results').reason, /"initrd" by "boot loader" of "modem"/)
    assert.equal(check(said({ measres: undefined }), 'token.results').outcome, 'not-applicable')
  })

  it('tokens and digests in it are not opened, and stay open by name', () => {
    const modem = { swname: 'Modem', dbgstat: 'disabled' }
    for (const nested of [
      ['JWT', 'eyJhbGciOiJub25lIn0.e30.'],
      ['CBOR', 'AQ'],
      ['DIGEST', ['SHA-256', 'AQ']],
    ]) {
      for (const submods of [{ modem, element: nested }, { modem: { ...modem, submods: { element: nested } } }]) {
        const verdict = said({ submods })
        const one = check(verdict, 'token.submodules')
        assert.equal(one.outcome, 'unchecked')
        assert.match(one.reason, /element"/)
        assert.equal(verdict.outcome, 'incomplete')
        const evidence = jwt({ ...CLAIMS, submods })
        assert.equal(judge(evidence, {}, { waive: ['token.submodules'] }).outcome, 'verified')
      }
    }
    const cbor = new Map(CLAIMS_CBOR).set(266, Uint8Array.of(0xa1, ...cborText('element'), 0x42, 0xd8, 0x3d))
    const verdict = judge(cwt(cbor), { claims: { swname: 'Gateway OS' } })
    assert.equal(check(verdict, 'token.submodules').outcome, 'unchecked')
  })
})
