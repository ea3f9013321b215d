import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cborArray, cborBytes, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { parseToken, serviceOf, tokenSkeleton } from '../src/token/index.ts'
import { CLAIMS, CLAIMS_CBOR, cwt, judge, jwt, UEID } from './eat-token-kit.ts'
import { bytes, check } from './token-kit.ts'

const CNF = { jwk: { kty: 'EC', kid: 'device' } }

describe('expectations that describe a token, and nothing that was attested', () => {
  const submods = { modem: { swname: 'Modem', dbgstat: 'disabled', eat_nonce: 'a-nonce-of-8', intuse: 'csr' } }
  const evidence = jwt({ ...CLAIMS, cnf: CNF, submods })

  it('leave open what was: also inside of a claim, in a submodule, and for the use that a token is meant for', () => {
    for (const claims of [
      { '/cnf/jwk/kid': 'device' },
      { '/cnf/jwk': CNF.jwk },
      { intuse: 'generic' },
      { '/intuse': 'generic' },
      { '/submods/modem/eat_nonce': 'a-nonce-of-8' },
      { '/submods/modem/intuse': 'csr', '/cnf': CNF },
    ]) {
      const open = judge(evidence, { claims })
      assert.equal(check(open, 'token.expect.claims').outcome, 'unchecked', JSON.stringify(claims))
      assert.equal(open.outcome, 'incomplete')
      assert.equal(judge(evidence, { claims, ueids: [UEID] }).outcome, 'verified')
      assert.equal(judge(evidence, { claims: { ...claims, '/submods/modem/swname': 'Modem' } }).outcome, 'verified')
    }
    for (const claims of [{ '/submods/modem': submods.modem }, { submods }, { '/submods': submods }])
      assert.equal(judge(evidence, { claims }).outcome, 'verified', JSON.stringify(claims))
    // Without `/` before it, a name is a name, whatever stands in it.
    const named = jwt({ ...CLAIMS, 'cnf/jwk': 'x' })
    assert.equal(judge(named, { claims: { 'cnf/jwk': 'x' } }).outcome, 'verified')
  })

  it('are not all that is proposed: a token that tells nothing lasting but its use is known by its device', () => {
    const { iss, iat, exp, eat_nonce, eat_profile, ueid, dbgstat, intuse } = CLAIMS
    const bare = jwt({ iss, iat, exp, eat_nonce, eat_profile, ueid, dbgstat, intuse })
    const { issuer: _, ...expect } = tokenSkeleton(parseToken(bare))
    assert.deepEqual([expect['claims'], expect['ueids']], [{ intuse: 'generic' }, [UEID]])
    assert.equal(judge(bare, { claims: undefined, ...expect }).outcome, 'verified')
    assert.equal(Object.hasOwn(tokenSkeleton(parseToken(evidence)), 'ueids'), false)
  })
})

describe('submodules of an entity attestation token', () => {
  it('at any depth have no claims of a known service: what these mean is in its own rules', () => {
    for (const hidden of [
      { ear_status: 'contraindicated' },
      { device: { 'x-nvidia-gpu-driver-rim-signature-verified': false } },
      { 'x-ms-sevsnpvm-is-debuggable': true },
      { sgx: { attester_tcb_status: 'Revoked' } },
    ])
      for (const below of [hidden, { submods: { deep: { dbgstat: 'disabled', ...hidden } } }]) {
        const submods = { modem: { swname: 'Modem', dbgstat: 'disabled', ...below } }
        const evidence = jwt({ ...CLAIMS, submods })
        assert.equal(serviceOf(parseToken(evidence).claims), 'unknown', JSON.stringify(below))
        assert.equal(judge(evidence).outcome, 'rejected')
      }
  })

  it('may in CBOR be a token in JSON, as text: it is not opened, and stays open by name', () => {
    const submods = cborMap([[cborText('element'), cborText('eyJhbGciOiJub25lIn0.e30.')]])
    const evidence = cwt(new Map(CLAIMS_CBOR).set(266, submods))
    const claims = { swname: 'Gateway OS' }
    const open = judge(evidence, { claims })
    assert.equal(check(open, 'token.profile').outcome, 'pass')
    assert.equal(check(open, 'token.submodules').outcome, 'unchecked')
    assert.deepEqual([open.outcome, open.claims.eat?.unopened], ['incomplete', ['element']])
    assert.equal(judge(evidence, { claims }, { waive: ['token.submodules'] }).outcome, 'verified')
  })
})

describe('an entity attestation token in CBOR', () => {
  it('whose debug state is bytes that read like a word in base64url says none', () => {
    const word = cborBytes(new Uint8Array(Buffer.from('disabled', 'base64url')))
    for (const state of [word, cborTag(1, cborText('disabled')), cborArray([cborText('disabled')])]) {
      const verdict = judge(cwt(new Map(CLAIMS_CBOR).set(263, state)))
      assert.equal(check(verdict, 'token.debug').outcome, 'fail')
      assert.equal(check(verdict, 'token.profile').outcome, 'fail')
      assert.deepEqual([verdict.outcome, verdict.claims.debug], ['rejected', true])
    }
  })
})

describe('a bundle with detached claims sets', () => {
  it('is refused as what it is, in JSON and in CBOR', () => {
    const main = new TextDecoder().decode(jwt(CLAIMS))
    const set = Buffer.from('{"swname":"Modem"}').toString('base64url')
    const json = bytes(JSON.stringify([['JWT', main], { modem: set }]))
    const sets = cborMap([[cborText('modem'), cborBytes(Uint8Array.of(0xa0))]])
    const cbor = cborTag(602, cborArray([cborBytes(cwt(CLAIMS_CBOR)), sets]))
    for (const [evidence, message] of [
      [json, /bundle.*a detached claims set; expected tokens in compact form/],
      [cbor, /token.*a bundle with detached claims sets; expected a signed token/],
    ] as const)
      assert.throws(() => judge(evidence), { name: 'EvidenceError', code: 'unsupported-kind', message })
  })
})
