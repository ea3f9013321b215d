import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise } from '../src/recognise/index.ts'
import { parseToken, serviceOf, tokenSkeleton, verifyToken, verifyTokenSync } from '../src/token/index.ts'
import {
  AT,
  CLAIMS,
  CLAIMS_CBOR,
  cwt,
  EXPECT,
  ISSUER,
  judge,
  jwt,
  keySet,
  NONCE,
  numbered,
  publicPem,
  SECONDS,
  UEID,
} from './eat-token-kit.ts'
import { b64, bytes, check } from './token-kit.ts'

const GOOD = jwt(CLAIMS)
const GOOD_CWT = cwt(CLAIMS_CBOR)

describe('an entity attestation token of no known service', () => {
  it('is verified as JWT and as CWT, by every algorithm, with the key set of its issuer', async () => {
    for (const alg of ['ES256', 'ES384', 'RS256', 'PS256'] as const)
      for (const evidence of [jwt(CLAIMS, alg), cwt(CLAIMS_CBOR, alg)]) {
        const verdict = judge(evidence, {}, {}, alg)
        assert.equal(verdict.outcome, 'verified', `${alg}: ${verdict.summary}`)
        const options = { at: AT, keySet: keySet(alg), expect: EXPECT }
        assert.deepEqual(await verifyToken(evidence, options), verdict)
      }
  })

  it('has the same claims in JSON and in CBOR', () => {
    assert.deepEqual(parseToken(GOOD_CWT).claims, CLAIMS)
    const [json, cbor] = [judge(GOOD), judge(GOOD_CWT)]
    assert.deepEqual(cbor.claims, json.claims)
    assert.deepEqual(
      cbor.checks.map(({ checks }) => checks.map(({ id, outcome }) => [id, outcome])),
      json.checks.map(({ checks }) => checks.map(({ id, outcome }) => [id, outcome])),
    )
    const byOid = cwt(new Map(CLAIMS_CBOR).set(265, cborBytes(Uint8Array.of(0x2b, 6, 1, 4, 1))))
    assert.equal(judge(byOid, { profiles: ['1.3.6.1.4.1'] }).outcome, 'verified')
  })

  it('shows no TEE: it is no hardware’s word, and the verdict says whose it is', () => {
    const { claims, assumed, format } = judge(GOOD)
    assert.deepEqual(
      [claims.tee, claims.service, claims.isolation, claims.hardware, claims.debug, claims.hardwareId],
      ['token', 'eat', 'none', false, false, UEID],
    )
    assert.match(assumed.find(({ id }) => id === 'issuer-word')?.because ?? '', /the issuer's word is all there is/)
    assert.equal(format, 'JWT of the issuer of an entity attestation token (EAT)')
    assert.equal(claims.eat?.claims['swname'], 'Gateway OS')
    assert.deepEqual(
      claims.eat?.submodules.map(({ name }) => name),
      ['modem', 'modem/sim'],
    )
  })

  it('is recognised by its profile in each form; a PSA token is none', () => {
    assert.equal(recognise(GOOD).tee, 'token')
    for (const tags of [[], [18], [18, 61]]) {
      const evidence = cwt(CLAIMS_CBOR, 'ES256', tags)
      assert.equal(recognise(evidence).tee, 'token', tags.join())
      assert.equal(judge(evidence).outcome, 'verified')
    }
    const psa = new Map(CLAIMS_CBOR).set(265, cborText('tag:psacertified.org,2023:psa#tfm'))
    assert.equal(recognise(cwt(psa, 'ES256', [18])).tee, 'psa')
  })

  it('proposes expectations that it meets, without what names one device or one exchange alone', () => {
    const { issuer, ...expect } = tokenSkeleton(parseToken(GOOD))
    assert.equal(issuer, ISSUER)
    assert.equal(verifyTokenSync(GOOD, { at: AT, keySet: keySet(), expect }).outcome, 'verified')
    assert.equal(expect['ueids'], undefined)
    const { nonce, ...lasting } = expect
    assert.equal(nonce, NONCE)
    const next = jwt({ ...CLAIMS, eat_nonce: 'another-nonce', uptime: 99, bootcount: 4, ueid: 'AgAEizrK3Q' })
    const verdict = verifyTokenSync(next, { at: AT, keySet: keySet(), expect: { ...lasting, nonce: 'another-nonce' } })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    const bare = { eat_profile: 'https://p.example', dbgstat: 'disabled', ueid: CLAIMS['ueid'], eat_nonce: NONCE }
    const only = tokenSkeleton(parseToken(jwt(bare)))
    assert.deepEqual(only, { profiles: ['https://p.example'], ueids: [UEID], nonce: NONCE })
    assert.equal(
      verifyTokenSync(jwt(bare), { at: AT, keySet: keySet('ES256', null), expect: only }).outcome,
      'verified',
    )
  })
})

describe('tokens that stay of an unknown service', () => {
  const { eat_profile: _, ...without } = CLAIMS
  const unknown: Readonly<Record<string, object>> = {
    'without a profile': without,
    'with a profile of PSA': { ...CLAIMS, eat_profile: 'http://arm.com/psa/2.0.0' },
    'with a profile of CCA': { ...CLAIMS, eat_profile: 'tag:arm.com,2023:realm#1.0.0' },
    'that say what a verifier says under its own profile': { ...CLAIMS, ear_status: 'contraindicated' },
    'with claims of Azure': { ...CLAIMS, 'x-ms-compliance-status': 'azure-compliant-cvm' },
    'with a device of NVIDIA': {
      ...CLAIMS,
      submods: { gpu: { 'x-nvidia-gpu-driver-version': '1', dbgstat: 'disabled' } },
    },
    'with an attester of Intel that is not known': { ...CLAIMS, sevsnp: { attester_tcb_date: '2026-01-01' } },
    'with an appraisal': { ...CLAIMS, submods: { cpu0: { 'ear.status': 'contraindicated', dbgstat: 'disabled' } } },
  }
  for (const [what, claims] of Object.entries(unknown))
    it(`${what} are refused`, () => {
      assert.equal(serviceOf(parseToken(jwt(claims)).claims), 'unknown')
      const verdict = judge(jwt(claims))
      assert.equal(verdict.outcome, 'rejected')
      assert.match(check(verdict, 'token.mandatory').reason, /the claims of a known service/)
    })

  it('and those of a known service stay its own', () => {
    for (const [also, service] of [
      [{ 'x-ms-attestation-type': 'sgx' }, 'azure'],
      [{ iss: 'https://confidentialcomputing.googleapis.com' }, 'confidential-space'],
      [{ attester_type: 'TDX' }, 'ita'],
      [{ 'x-nvidia-overall-att-result': true }, 'nras'],
      [{ eat_profile: 'tag:ietf.org,2026:rats/ear#03' }, 'ear'],
    ] as const)
      assert.equal(serviceOf(parseToken(jwt({ ...CLAIMS, ...also })).claims), service)
  })
})

describe('an entity attestation token that is not the issuer’s', () => {
  const signatureFails = (evidence: Uint8Array, options: object = {}): void => {
    const verdict = judge(evidence, {}, options)
    assert.equal(verdict.outcome, 'rejected')
    assert.notEqual(verdict.authenticity, 'proven')
  }

  it('is refused when one bit of it is another, wherever', () => {
    for (const [evidence, step] of [
      [GOOD, 7],
      [GOOD_CWT, 3],
    ] as const)
      for (let at = 0; at < evidence.length; at += step) {
        const damaged = evidence.slice()
        damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
        let outcome = 'refused'
        try {
          outcome = judge(damaged).outcome
        } catch (error) {
          if (!(error instanceof EvidenceError)) throw error
        }
        assert.notEqual(outcome, 'verified', `bit ${at % 8} of byte ${at}`)
      }
  })

  it('is refused when it is cut short, at every length', () => {
    for (const evidence of [GOOD, GOOD_CWT])
      for (let length = 0; length < evidence.length; length += length < 64 ? 1 : 29) {
        let outcome = 'refused'
        try {
          outcome = judge(evidence.slice(0, length)).outcome
        } catch (error) {
          if (!(error instanceof EvidenceError)) throw error
        }
        assert.notEqual(outcome, 'verified', `${length} bytes`)
      }
  })

  it('is refused under another key, another issuer and the name of a key that is not there', () => {
    const jwk = generateKey('P-256').publicKey.export({ format: 'jwk' })
    signatureFails(GOOD, { keySet: { issuer: ISSUER, jwks: JSON.stringify({ keys: [{ ...jwk, kid: 'k' }] }) } })
    signatureFails(GOOD, { keySet: keySet('ES256', 'https://other.example') })
    signatureFails(jwt(CLAIMS, 'ES256', { kid: 'other' }))
    const open = judge(GOOD, {}, { keySet: keySet('ES256', null) })
    assert.equal(check(open, 'token.issuer').outcome, 'unchecked')
    assert.equal(open.outcome, 'incomplete')
  })

  it('is refused without a signature, and with a MAC by the public key', () => {
    const [, body] = new TextDecoder().decode(GOOD).split('.')
    for (const tail of ['', 'AA']) {
      const none = judge(bytes(`${b64({ alg: 'none', kid: 'k' })}.${body}.${tail}`))
      assert.equal(check(none, 'token.alg').outcome, 'fail')
      assert.equal(none.outcome, 'rejected')
    }
    const spki = publicPem('ES256')
    const signed = `${b64({ alg: 'HS256', kid: 'k' })}.${body}`
    const mac = createHmac('sha256', spki).update(signed).digest('base64url')
    assert.equal(check(judge(bytes(`${signed}.${mac}`)), 'token.alg').outcome, 'fail')
    const uccs = cborTag(601, numbered([...CLAIMS_CBOR].slice(0, 5)))
    assert.throws(() => judge(uccs), { name: 'EvidenceError', message: /nobody signed/ })
    assert.throws(() => judge(cborTag(61, uccs)), { name: 'EvidenceError', message: /nobody signed/ })
  })

  it('is refused when it has ended, or has not begun', () => {
    const { exp: _, ...endless } = CLAIMS
    assert.equal(judge(jwt({ ...CLAIMS, exp: SECONDS - 301 })).outcome, 'rejected')
    assert.equal(judge(jwt({ ...CLAIMS, nbf: SECONDS + 301 })).outcome, 'rejected')
    assert.equal(judge(jwt(endless)).outcome, 'verified')
  })

  it('is refused with a claim twice, too deep, or of endless submodules', () => {
    const text = JSON.stringify(CLAIMS)
    assert.throws(() => judge(jwt(`{"dbgstat":"disabled",${text.slice(1)}`)), {
      name: 'EvidenceError',
      message: /twice/,
    })
    const twice = new Map(CLAIMS_CBOR).set(270, cborText('Gateway OS'))
    const pairs = [...twice, [270, cborText('Other OS')] as const]
    assert.throws(() => judge(cwt(pairs)), { name: 'EvidenceError' })
    let deep: object = { dbgstat: 'disabled' }
    for (let i = 0; i < 40; i++) deep = { dbgstat: 'disabled', submods: { x: deep } }
    assert.throws(() => judge(jwt({ ...CLAIMS, ...deep })), { name: 'EvidenceError', message: /levels/ })
    const submods = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`s${i}`, { dbgstat: 'disabled' }]))
    const many = judge(jwt({ ...CLAIMS, submods }), { claims: { swname: 'Gateway OS' } })
    assert.equal(check(many, 'token.profile').outcome, 'fail')
    assert.match(check(many, 'token.profile').reason, /more than 256 submodules/)
    assert.ok((many.claims.eat?.submodules.length ?? 0) <= 64)
    const map = cborMap(Array.from({ length: 1000 }, (_, i) => [cborText(`s${i}`), numbered([[263, cborInteger(1)]])]))
    assert.equal(check(judge(cwt(new Map(CLAIMS_CBOR).set(266, map))), 'token.profile').outcome, 'fail')
  })

  it('is refused where a claim breaks its rule, in a submodule too', () => {
    for (const [claims, message] of [
      [{ oemboot: 'true' }, /profile: oemboot: expected/],
      [{ ueid: 'AAAA' }, /ueid: expected/],
      [{ eat_profile: 7 }, /eat_profile: expected/],
      [{ sueids: { a: 'AAAA' } }, /sueids: expected/],
      [{ swname: 7 }, /swname: expected/],
      [{ measurements: [['x']] }, /measurements: expected/],
      [{ dloas: [['https://x']] }, /dloas: expected/],
      [{ submods: { modem: { swname: 'Modem', dbgstat: 'off' } } }, /profile: "modem"\/dbgstat: expected/],
      [{ submods: { modem: 'x' } }, /submods: expected/],
    ] as const) {
      const verdict = judge(jwt({ ...CLAIMS, ...claims }))
      assert.match(check(verdict, 'token.profile').reason, message)
      assert.equal(verdict.outcome, 'rejected')
    }
  })
})
