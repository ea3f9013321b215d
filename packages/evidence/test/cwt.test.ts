import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey, type KeyPair, rawPoint } from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { EvidenceError } from '../src/core/errors.ts'
import type { JsonObject } from '../src/core/json.ts'
import type { Check, Verdict } from '../src/core/verdict.ts'
import { readEar } from '../src/eat/index.ts'
import { recognise } from '../src/recognise/index.ts'
import { parseToken, type TokenKeySet, verifyToken, verifyTokenSync } from '../src/token/index.ts'

const AT = new Date('2026-06-15T12:00:00Z')
const SECONDS = AT.getTime() / 1000
const P256 = generateKey('P-256')
const P384 = generateKey('P-384')
const PROFILE = 'tag:ietf.org,2026:rats/ear#03'
const NONCE = new Uint8Array(16).fill(7)
const ES256 = -7
const ES384 = -35

type Pair = readonly [number, Uint8Array]

const map = (...pairs: readonly Pair[]): Uint8Array => cborMap(pairs.map(([key, value]) => [cborInteger(key), value]))

interface Change {
  readonly profile?: string
  readonly status?: number
  readonly vector?: readonly (readonly [number, number])[]
  readonly policies?: Uint8Array
  readonly without?: number
  readonly also?: readonly Pair[]
}

function claims(change: Change = {}): Uint8Array {
  const vector = change.vector ?? [[0, 2] as const]
  const appraisal = map(
    [1000, cborInteger(change.status ?? 2)],
    [1001, map(...vector.map(([key, value]): Pair => [key, cborInteger(value)]))],
    [1003, change.policies ?? cborArray([cborText('https://policy.example/1')])],
  )
  const all: readonly Pair[] = [
    [265, cborText(change.profile ?? PROFILE)],
    [6, cborInteger(SECONDS - 10)],
    [4, cborInteger(SECONDS + 60)],
    [10, cborBytes(NONCE)],
    [1004, map([0, cborText('https://verifier.example')], [1, cborText('1.0')])],
    [266, cborMap([[cborText('machine'), appraisal]])],
    ...(change.also ?? []),
  ]
  return map(...all.filter(([key]) => key !== change.without))
}

interface Signing {
  readonly key?: KeyPair
  readonly algorithm?: number
  readonly kid?: Uint8Array
  readonly kidProtected?: true
  readonly tags?: readonly number[]
}

function cwt(
  payload: Uint8Array,
  { key = P256, algorithm = ES256, kid, kidProtected, tags = [18] }: Signing = {},
): Uint8Array {
  const id: readonly Pair[] = kid === undefined ? [] : [[4, cborBytes(kid)]]
  const header = map([1, cborInteger(algorithm)], ...(kidProtected === true ? id : []))
  const input = cborArray([cborText('Signature1'), cborBytes(header), cborBytes(new Uint8Array()), cborBytes(payload)])
  const hash = algorithm === ES384 ? 'sha384' : 'sha256'
  const signature = new Uint8Array(sign(hash, input, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }))
  const unprotected = map(...(kidProtected === true ? [] : id))
  const whole = cborArray([cborBytes(header), unprotected, cborBytes(payload), cborBytes(signature)])
  return tags.reduce((inner, tag) => cborTag(tag, inner), whole)
}

function coseKey(key: KeyPair, more: readonly Pair[] = []): Uint8Array {
  const point = rawPoint(key)
  const half = point.length / 2
  return map(
    [1, cborInteger(2)],
    [-1, cborInteger(half === 32 ? 1 : 2)],
    [-2, cborBytes(point.subarray(0, half))],
    [-3, cborBytes(point.subarray(half))],
    ...more,
  )
}

const jwks = (key: KeyPair, more: object = {}): string =>
  JSON.stringify({ ...key.publicKey.export({ format: 'jwk' }), ...more })
const KEYS: TokenKeySet = { jwks: jwks(P256) }

function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, id)
  return found
}

const judged = (evidence: Uint8Array, keySet: TokenKeySet = KEYS): Verdict =>
  verifyTokenSync(evidence, { at: AT, keySet })

describe('attestation results as CBOR Web Tokens', () => {
  it('are verified like those in JSON, the same in both doors', async () => {
    const evidence = cwt(claims())
    const expect = {
      nonce: Buffer.from(NONCE).toString('base64url'),
      appraisals: ['machine'],
      appraisalPolicies: ['https://policy.example/1'],
    }
    const options = { at: AT, keySet: KEYS, expect }
    const verdict = verifyTokenSync(evidence, options)
    assert.equal(verdict.authenticity, 'proven', verdict.summary)
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.equal((await verifyToken(evidence, options)).authenticity, 'proven')
    assert.match(verdict.format, /^CWT of a verifier/)
  })

  it('of verifiers from before the draft name one policy as a text', () => {
    const one = cborText('policy')
    for (const [profile, policies, outcome] of [
      ['tag:github.com,2023:veraison/ear', one, 'pass'],
      ['tag:github.com,2024:confidential-containers/Trustee', one, 'pass'],
      ['tag:github.com,2023:veraison/ear', cborInteger(1), 'fail'],
      [PROFILE, one, 'fail'],
    ] as const) {
      const verdict = judged(cwt(claims({ profile, policies })))
      assert.equal(check(verdict, 'token.profile').outcome, outcome, profile)
    }
  })

  it('are recognised bare, tagged, and under tag 61', () => {
    for (const tags of [[], [18], [18, 61]]) {
      const evidence = cwt(claims(), { tags })
      assert.equal(recognise(evidence).tee, 'token', tags.join())
      assert.equal(judged(evidence).authenticity, 'proven', tags.join())
    }
  })

  it('with ES384, and with keys as COSE_Key and COSE_KeySet', () => {
    const evidence = cwt(claims(), { key: P384, algorithm: ES384 })
    assert.equal(judged(evidence, { jwks: jwks(P384) }).authenticity, 'proven')
    assert.equal(judged(evidence, { coseKeys: coseKey(P384) }).authenticity, 'proven')
    assert.equal(judged(evidence, { coseKeys: cborArray([coseKey(P384)]) }).authenticity, 'proven')
    assert.equal(check(judged(evidence), 'token.key.suits').outcome, 'fail')
  })

  it('name their key as text or bytes, in either header', () => {
    const text = new TextEncoder().encode('key-1')
    const raw = Uint8Array.of(0, 1, 2, 255)
    const two = (kid: Uint8Array): Uint8Array =>
      cborArray([coseKey(P384, [[2, cborBytes(Uint8Array.of(9))]]), coseKey(P256, [[2, cborBytes(kid)]])])
    for (const kid of [text, raw])
      for (const kidProtected of [undefined, true] as const) {
        const evidence = cwt(claims(), { kid, ...(kidProtected === undefined ? {} : { kidProtected }) })
        assert.equal(judged(evidence, { coseKeys: two(kid) }).authenticity, 'proven')
      }
    assert.equal(
      judged(cwt(claims(), { kid: text }), {
        jwks: JSON.stringify({ keys: [JSON.parse(jwks(P256, { kid: 'key-1' }))] }),
      }).authenticity,
      'proven',
    )
    assert.equal(check(judged(cwt(claims()), { coseKeys: two(text) }), 'token.kid').outcome, 'fail')
    assert.equal(check(judged(cwt(claims(), { kid: raw }), { coseKeys: two(text) }), 'token.key.known').outcome, 'fail')
  })

  const refused: Readonly<Record<string, readonly [Uint8Array, string]>> = {
    'another key': [cwt(claims(), { key: generateKey('P-256') }), 'token.signature'],
    'an algorithm that is none': [cwt(claims(), { algorithm: 5 }), 'token.alg'],
    'an algorithm of another curve': [cwt(claims(), { algorithm: ES384 }), 'token.key.suits'],
    'no verifier id': [cwt(claims({ without: 1004 })), 'token.mandatory'],
    'no time of issue': [cwt(claims({ without: 6 })), 'token.mandatory'],
    'no appraisals': [cwt(claims({ without: 266 })), 'token.mandatory'],
    'no status': [cwt(claims({ status: 7 })), 'token.mandatory'],
    'a status better than its vector': [cwt(claims({ vector: [[2, 96]] })), 'token.profile'],
    'a vector out of range': [cwt(claims({ vector: [[2, 200]] })), 'token.profile'],
    'a bad appraisal': [cwt(claims({ status: 96 })), 'token.judgement'],
    'another profile': [cwt(claims({ profile: 'tag:example.com,2026:x' })), 'token.mandatory'],
  }
  for (const [what, [evidence, id]] of Object.entries(refused))
    it(`refuses ${what}: ${id}`, () => {
      const verdict = judged(evidence)
      assert.equal(verdict.outcome, 'rejected')
      assert.equal(check(verdict, id).outcome, 'fail', JSON.stringify(check(verdict, id)))
    })

  it('refuses fractions of seconds, claims that nobody signed, claims twice, and MACs', () => {
    const float = map([6, Uint8Array.of(0xfb, 0x41, 0xd0, 0, 0, 0, 0, 0, 0)])
    const twice = cborMap([
      [cborInteger(6), cborInteger(1)],
      [cborText('iat'), cborInteger(2)],
    ])
    assert.throws(() => parseToken(cwt(float)), EvidenceError)
    assert.throws(() => parseToken(cwt(twice)), /each claim once/)
    assert.throws(() => parseToken(cborTag(601, claims())), /nobody signed/)
    assert.throws(() => parseToken(cborTag(61, cborTag(17, cborArray([])))), EvidenceError)
    assert.throws(() => judged(cwt(claims()), { jwks: jwks(P256), coseKeys: coseKey(P256) }), TypeError)
    assert.throws(() => judged(cwt(claims()), {}), TypeError)
  })

  it('keys that cannot be read have a fault, and a set of them is refused', () => {
    const point = cborMap([[cborInteger(1), cborInteger(2)]])
    assert.equal(check(judged(cwt(claims()), { coseKeys: point }), 'token.key.readable').outcome, 'fail')
    assert.equal(check(judged(cwt(claims()), { coseKeys: Uint8Array.of(1) }), 'token.keys.present').outcome, 'fail')
    const forSigning = coseKey(P256, [[4, cborArray([cborInteger(1)])]])
    assert.equal(check(judged(cwt(claims()), { coseKeys: forSigning }), 'token.key.suits').outcome, 'fail')
    for (const [use, outcome] of [
      [{ use: 'sig', key_ops: ['verify'] }, 'pass'],
      [{ key_ops: ['sign', 'verify'] }, 'pass'],
      [{ key_ops: ['sign'] }, 'fail'],
      [{ key_ops: ['encrypt', 'wrapKey'] }, 'fail'],
      [{ key_ops: 'verify' }, 'fail'],
      [{ use: 'enc', key_ops: ['verify'] }, 'fail'],
    ] as const)
      assert.equal(check(judged(cwt(claims()), { jwks: jwks(P256, use) }), 'token.key.suits').outcome, outcome)
  })

  it('every flipped bit and every cut is refused', () => {
    const whole = cwt(claims())
    const verdict = (evidence: Uint8Array): string => {
      try {
        return judged(evidence).authenticity
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
        return 'unreadable'
      }
    }
    assert.equal(verdict(whole), 'proven')
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bent = Uint8Array.from(whole)
      bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7))
      assert.notEqual(verdict(bent), 'proven', `bit ${bit}`)
    }
    for (let end = 0; end < whole.length; end++)
      assert.notEqual(verdict(whole.subarray(0, end)), 'proven', `cut ${end}`)
  })
})

describe('what a CWT says of a status and its audience', () => {
  it('the status of the whole is read, never better than the worst, and in one dialect', () => {
    const whole = (status: number): Verdict => judged(cwt(claims({ also: [[1000, cborInteger(status)]] })))
    assert.equal(check(whole(2), 'token.judgement').outcome, 'pass')
    assert.equal(check(whole(96), 'token.judgement').outcome, 'fail')
    assert.equal(check(whole(5), 'token.profile').outcome, 'fail')
    const worse = cwt(claims({ status: 32, also: [[1000, cborInteger(2)]] }))
    assert.equal(check(judged(worse), 'token.profile').outcome, 'fail')
    const result = {
      eat_profile: PROFILE,
      iat: SECONDS,
      ear_verifier_id: { developer: 'd', build: 'b' },
      submods: { a: { ear_status: 'affirming', 'ear.status': 'contraindicated' } },
    }
    assert.deepEqual(readEar(result).faults, ['the status of "a" is there in two dialects'])
    assert.equal(readEar({ ...result, ear_verifier_id: { developer: 'd' } }).missing, 'the id of the verifier')
    const good = { ear_status: 'affirming' }
    const two = { ...result, ...good, submods: { a: good, b: { ear_status: 'warning' } } }
    assert.deepEqual(readEar(two).faults, ['the result says affirming, and an appraisal something worse'])
    assert.notEqual(readEar({ ...two, submods: { a: good, b: {} } }).missing, undefined)
    const vector = { hardware: 2, executables: 'good' }
    assert.deepEqual(readEar({ ...result, submods: { a: { ...good, ear_trustworthiness_vector: vector } } }).faults, [
      'the vector of "a" has another value',
    ])
    const submods = Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`machine ${i}`, good]))
    assert.deepEqual(readEar({ ...result, submods }).faults, ['more than 256 appraisals'])
  })

  it('what stands in a category without a name counts: no status is better', () => {
    const outcome = (value: number): string =>
      check(
        judged(
          cwt(
            claims({
              vector: [
                [0, 2],
                [9, value],
              ],
            }),
          ),
        ),
        'token.profile',
      ).outcome
    assert.equal(outcome(3), 'pass')
    for (const bad of [32, 96, -97]) assert.equal(outcome(bad), 'fail', `${bad}`)
  })

  it('an audience that is no text is not nobody', () => {
    const verdict = judged(cwt(claims({ also: [[3, cborArray([cborInteger(5)])]] })))
    assert.equal(check(verdict, 'token.expect.audience').outcome, 'unchecked')
  })
})

describe('keys that a token shows', () => {
  const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const other = generateKey('P-256')
  const claimsOf: JsonObject = {
    eat_profile: PROFILE,
    iat: SECONDS - 10,
    ear_verifier_id: { developer: 'a', build: 'b' },
    submods: { cpu0: { ear_status: 'affirming' } },
  }

  function jwt(shown: KeyPair, key: KeyPair = P256): Uint8Array {
    const text = `${b64({ alg: 'ES256', jwk: shown.publicKey.export({ format: 'jwk' }) })}.${b64(claimsOf)}`
    const signature = sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
    return new TextEncoder().encode(`${text}.${signature.toString('base64url')}`)
  }

  const set = (...keys: readonly KeyPair[]): TokenKeySet => ({
    jwks: JSON.stringify({ keys: keys.map((key, i) => JSON.parse(jwks(key, { kid: `k${i}` }))) }),
  })

  it('select among the trusted ones, and make no trust', () => {
    assert.equal(judged(jwt(P256), set(other, P256)).authenticity, 'proven')
    assert.equal(judged(jwt(P256), set(P256)).authenticity, 'proven')
    assert.equal(check(judged(jwt(other, other), set(P256)), 'token.kid').outcome, 'fail')
    assert.equal(check(judged(jwt(other), set(other, P256)), 'token.signature').outcome, 'fail')
    assert.equal(judged(jwt(other, other), { jwks: jwks(P256) }).authenticity, 'refuted')
  })

  it('a token inside of JSON is found', () => {
    const text = new TextDecoder().decode(jwt(P256))
    const found = recognise(new TextEncoder().encode(JSON.stringify({ token: text })))
    assert.equal(found.tee, 'token')
    assert.deepEqual(found.evidence, jwtBytes(text))
  })

  const jwtBytes = (text: string): Uint8Array => new TextEncoder().encode(text)
})
