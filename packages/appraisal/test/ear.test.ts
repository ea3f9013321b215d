import assert from 'node:assert/strict'
import { sign as signWith } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import type { Json, JsonObject } from '@sekisho/evidence/token'
import { earClaims } from '../src/ear/claims.ts'
import type { EarClaims } from '../src/ear/model.ts'
import { EarError, readEarPayload } from '../src/ear/payload.ts'
import { type EarKey, readEar } from '../src/ear/read.ts'
import { type Signer, signEar } from '../src/ear/sign.ts'
import { appraise } from '../src/vector/appraise.ts'
import { AT, verdictOf } from './kit.ts'
import { missing, vectorPath } from './vectors.ts'

const { privateKey } = generateKey('P-256')
const { kty = '', crv = '', x = '', y = '', d = '' } = privateKey.export({ format: 'jwk' })
const SIGNER: Signer = {
  kid: 'key-1',
  jwk: { kty, crv, x, y, alg: 'ES256', kid: 'key-1' },
  sign: (data) => signWith('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
}
const KEYS = { keys: [SIGNER.jwk as EarKey] }
const NONCE = Buffer.alloc(32, 7).toString('base64')
const TEE_KEY = { kty: 'EC', crv: 'P-256', x, y, alg: 'ECDH-ES+A256KW', d }
const EXPIRES = new Date(AT.getTime() + 300_000)

function claimsOf(more: Partial<Parameters<typeof earClaims>[2]> = {}, verdict = verdictOf()) {
  return earClaims(appraise(verdict, { references: ['db'], at: AT }), verdict, {
    issuer: 'https://sekisho.example',
    verifierId: { developer: 'https://sekisho.example', build: 'sekisho 0.1.0' },
    issuedAt: AT,
    expiresAt: EXPIRES,
    policyIds: ['default'],
    nonce: NONCE,
    teeKey: TEE_KEY,
    ...more,
  })
}

/** A token over any header and claims, signed as it should be. */
async function tokenOf(payload: JsonObject, header: object = { alg: 'ES256', kid: 'key-1' }): Promise<string> {
  const encoded = [header, payload].map((one) => Buffer.from(JSON.stringify(one)).toString('base64url')).join('.')
  const signature = await SIGNER.sign(Buffer.from(encoded))
  return `${encoded}.${Buffer.from(signature).toString('base64url')}`
}

function submodules(count: number): JsonObject {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`gpu${i}`, { 'ear.status': 2 }]))
}

function refused(token: string, why: RegExp, at = AT, issuer?: string): Promise<void> {
  const options = { at, ...(issuer === undefined ? {} : { issuer }) }
  return assert.rejects(readEar(token, KEYS, options), (error) => error instanceof EarError && why.test(error.message))
}

describe('a result that this package signs', () => {
  it('is read back with the same content', async () => {
    const token = await signEar(claimsOf(), SIGNER)
    const read = await readEar(token, KEYS, { at: AT, issuer: 'https://sekisho.example' })
    assert.equal(read.status, 'affirming')
    assert.deepEqual(read.submodules['cpu0']?.vector, {
      configuration: 3,
      executables: 3,
      hardware: 2,
      'runtime-opaque': 2,
    })
    assert.deepEqual(read.submodules['cpu0']?.policyIds, ['default'])
    assert.equal(read.issuedAt.getTime(), AT.getTime())
    assert.equal(read.expiresAt?.getTime(), EXPIRES.getTime())
    assert.equal(read.nonce, NONCE)
    assert.equal(read.emulated, false)
    assert.deepEqual(read.teeKey, { kty: 'EC', crv: 'P-256', x, y, alg: 'ECDH-ES+A256KW' })
  })
  it('is signed over its own bytes, however long its signer takes and whatever is signed meanwhile', async () => {
    const slow: Signer = {
      ...SIGNER,
      sign: async (data) => {
        await new Promise((resolve) => setImmediate(resolve))
        return SIGNER.sign(data)
      },
    }
    const issuers = [
      'https://one.example',
      'https://zwei-äöü-\u{1f511}.example',
      `https://${'x'.repeat(100_000)}.example`,
    ]
    const signers = [slow, SIGNER, slow, slow, SIGNER, SIGNER]
    const tokens = await Promise.all(
      signers.map((signer, i) => signEar(claimsOf({ issuer: issuers[i % issuers.length] ?? '' }), signer)),
    )
    for (const [i, token] of tokens.entries()) {
      const read = await readEar(token, KEYS, { at: AT })
      assert.equal(read.issuer, issuers[i % issuers.length])
    }
  })
  it('has the names that a KBS and its clients look for', async () => {
    const token = await signEar(claimsOf(), SIGNER)
    const [head = '', body = ''] = token.split('.')
    const header = JSON.parse(Buffer.from(head, 'base64url').toString())
    assert.deepEqual(header, { typ: 'JWT', alg: 'ES256', kid: 'key-1' }, 'beside a jwk some readers do not look at kid')
    const payload = JSON.parse(Buffer.from(body, 'base64url').toString())
    assert.equal(payload.eat_profile, 'tag:github.com,2024:confidential-containers/Trustee')
    assert.deepEqual(Object.keys(payload['ear.verifier-id']), ['developer', 'build'])
    const { cpu0 } = payload.submods
    assert.equal(cpu0['ear.status'], 'affirming')
    assert.equal(cpu0['ear.appraisal-policy-id'], 'default')
    assert.deepEqual(cpu0['ear.veraison.annotated-evidence'].runtime_data_claims['tee-pubkey'], {
      kty: 'EC',
      crv: 'P-256',
      x,
      y,
      alg: 'ECDH-ES+A256KW',
    })
    assert.ok(!token.includes(Buffer.from(d).toString('base64url')) && !JSON.stringify(payload).includes(d))
  })
  it('has the launch-time configuration where policies on tokens of a KBS look for it', () => {
    const evidenceOf = (more: object): JsonObject => {
      const claims = { ...verdictOf().claims, ...more }
      const { claims: cpu0 } = claimsOf({}, verdictOf({ claims })).submodules['cpu0'] ?? {}
      return cpu0?.['ear.veraison.annotated-evidence'] as JsonObject
    }
    assert.equal(evidenceOf({ hostData: 'ab'.repeat(32) })['init_data'], 'ab'.repeat(32))
    assert.ok(!('init_data' in evidenceOf({ hostData: undefined })))
  })
  it('is written with the names of the draft when asked for', () => {
    const { payload, submodules } = claimsOf({ dialect: 'draft', policyIds: ['a', 'b'] })
    assert.equal(payload['eat_profile'], 'tag:ietf.org,2026:rats/ear#03')
    assert.ok('ear_verifier_id' in payload)
    assert.deepEqual(submodules['cpu0']?.policyIds, ['a', 'b'])
    assert.ok('ear_trustworthiness_vector' in (submodules['cpu0']?.claims ?? {}))
  })
  it('is read by the profile of the draft that a KBS writes now, with the key where it has it', () => {
    const { payload, submodules } = claimsOf({ dialect: 'draft' })
    const { ear_veraison_annotated_evidence: annotated, ...cpu0 } = submodules['cpu0']?.claims ?? {}
    const runtime = (annotated as JsonObject)['runtime_data_claims'] as JsonObject
    const key = { kty: 'EC', crv: 'P-256', x, y, alg: 'ECDH-ES+A256KW' }
    const read = (more: JsonObject): EarClaims =>
      readEarPayload({
        ...payload,
        eat_profile: 'tag:ietf.org,2026:rats/ear#04',
        submods: { cpu0: { ...cpu0, ...more } },
      })
    assert.equal(read({}).teeKey, undefined)
    assert.deepEqual(read({ ear_verifier_claims: { runtime_data: runtime } }).teeKey, key)
    const both = { ear_veraison_annotated_evidence: annotated as Json }
    assert.deepEqual(read({ ...both, ear_verifier_claims: { runtime_data: runtime } }).teeKey, key)
    assert.throws(() => read({ ...both, ear_verifier_claims: { runtime_data: {} } }), /there twice/)
  })
  it('has a nonce that an EAT may have, the ids of policies, and what policies on tokens ask of the platform', () => {
    for (const [length, there] of [
      [11, false],
      [12, true],
      [88, true],
      [89, false],
    ] as const)
      assert.equal('eat_nonce' in claimsOf({ nonce: 'x'.repeat(length) }).payload, there, `${length}`)
    const { policyIds, claims = {} } = claimsOf({ policyIds: [] }).submodules['cpu0'] ?? {}
    assert.deepEqual(policyIds, ['default'])
    assert.deepEqual(claimsOf({ policyIds: ['a', 'b'] }).submodules['cpu0']?.policyIds, ['a', 'b'])
    const { snp, report_data } = claims['ear.veraison.annotated-evidence'] as JsonObject
    assert.equal(report_data, 'cd'.repeat(64))
    const { launch_measurement, debug, tcb, signer } = snp as JsonObject
    assert.deepEqual([launch_measurement, debug, signer], ['ab'.repeat(48), false, undefined])
    assert.deepEqual((tcb as JsonObject)['components'], { snp: 22, microcode: 213 })
  })
  it('says that it is emulated', () => {
    const emulated = claimsOf({}, verdictOf({ emulated: true }))
    assert.equal(emulated.emulated, true)
    assert.equal(emulated.payload['sekisho.emulated'], true)
    assert.equal(emulated.submodules['cpu0']?.vector.hardware, 97)
    assert.equal(emulated.status, 'contraindicated')
  })
  it('has a submodule for each GPU, and one that speaks for the whole', () => {
    const gpu = verdictOf({ tee: 'nvidia-gpu', outcome: 'incomplete' })
    const parts = [gpu, gpu, verdictOf({ tee: 'tpm' })].map((verdict, i) => ({ name: `part-${i}`, verdict }))
    assert.deepEqual(Object.keys(claimsOf({}, { ...gpu, parts }).submodules), ['gpu0'])
    const { submodules, status } = claimsOf({}, verdictOf({ parts }))
    assert.deepEqual(Object.keys(submodules), ['cpu0', 'gpu0', 'gpu1'])
    assert.deepEqual(
      Object.values(submodules).map((one) => one.status),
      ['warning', 'warning', 'warning'],
    )
    assert.equal(status, 'warning')
    assert.ok(!JSON.stringify(submodules['gpu0']?.claims).includes('tee-pubkey'))
  })
  it('holds any text', async () => {
    const token = await signEar(claimsOf({ extra: { name: '関所 é 🚪' } }), SIGNER)
    assert.equal((await readEar(token, KEYS, { at: AT })).payload['name'], '関所 é 🚪')
  })
  it('keeps its own claims, whatever extra ones say', () => {
    const { payload } = claimsOf({ extra: { iss: 'https://other.example', tenant: 'a', submods: {} } })
    assert.equal(payload['iss'], 'https://sekisho.example')
    assert.equal(payload['tenant'], 'a')
  })
  it('is not signed by a signer that gives another signature', async () => {
    await assert.rejects(signEar(claimsOf(), { ...SIGNER, sign: () => new Uint8Array(70) }), TypeError)
  })
})

describe('a result is refused', () => {
  it('after its time, before it, and from another issuer', async () => {
    const token = await signEar(claimsOf(), SIGNER)
    await refused(token, /^exp/, new Date(EXPIRES.getTime() + 60_000))
    await refused(token, /^iat/, new Date(AT.getTime() - 61_000))
    await refused(token, /^iss/, AT, 'https://other.example')
    await assert.rejects(readEar(token, KEYS, { at: new Date(Number.NaN) }), TypeError)
  })
  it('when a character of it is changed', async () => {
    const token = await signEar(claimsOf(), SIGNER)
    const [header = '', payload = '', signature = ''] = token.split('.')
    const changed = Buffer.from(payload, 'base64url').toString().replace('sekisho.example', 'sekisha.example')
    await refused(`${header}.${Buffer.from(changed).toString('base64url')}.${signature}`, /signature/)
    await refused(`${token}.`, /three parts/)
    await refused(token.replace('.', '..'), /three parts/)
    await refused(` ${token}`, /three parts/)
    await refused(`${token}=`, /three parts/)
  })
  it('for another algorithm, an unknown key, or a key that it brings along', async () => {
    const { payload } = claimsOf()
    for (const alg of ['none', 'HS256', 'ES384', 'RS256', 'es256'])
      await refused(await tokenOf(payload, { alg, kid: 'key-1' }), /^alg/)
    await refused(await tokenOf(payload, { alg: 'ES256', kid: 'key-2', jwk: SIGNER.jwk }), /^kid/)
    await refused(await tokenOf(payload, { alg: 'ES256', kid: 7 }), /^kid/)
    await refused(await tokenOf(payload, { alg: 'ES256', kid: 'key-1', crit: ['b64'] }), /^crit/)
    const other = generateKey('P-256').publicKey.export({ format: 'jwk' })
    const keys = { keys: [{ ...other, kid: 'key-1' } as EarKey] }
    const token = await tokenOf(payload, { alg: 'ES256', kid: 'key-1', jwk: SIGNER.jwk })
    await assert.rejects(readEar(token, keys, { at: AT }), EarError)
    const twice = { keys: [...KEYS.keys, ...KEYS.keys] }
    await assert.rejects(readEar(token, twice, { at: AT }), /kid/)
  })
  it('without a mandatory claim or with one that is none', async () => {
    const { payload } = claimsOf()
    const changing = (claim: string, value: Json): readonly [string, JsonObject] => [
      claim,
      { ...payload, [claim]: value },
    ]
    const cpu0With = (more: JsonObject): readonly [string, JsonObject] => [
      'submods.cpu0',
      { ...payload, submods: { cpu0: { 'ear.status': 2, ...more } } },
    ]
    const wrong: readonly (readonly [string, JsonObject])[] = [
      ['eat_profile', { ...payload, eat_profile: 'tag:example,2020:x' }],
      ['submods', { ...payload, submods: {} }],
      ['submods', { ...payload, submods: [] }],
      ['ear_verifier_id', { ...payload, 'ear.verifier-id': 'me' }],
      ['eat_nonce', { ...payload, eat_nonce: 'short' }],
      ['submods.cpu0', { ...payload, submods: { cpu0: {} } }],
      ['submods.cpu0', { ...payload, submods: { cpu0: { 'ear.status': 'good' } } }],
      ['submods.cpu0', { ...payload, submods: { cpu0: { 'ear.status': 7 } } }],
      ['submods.cpu0', { ...payload, submods: { cpu0: 'affirming' } }],
      ['submods', { ...payload, submods: [{ 'ear.status': 2 }] }],
      ['submods', { ...payload, submods: null }],
      ['submods', { ...payload, submods: submodules(65) }],
      ...[300, 128, -129, 1.5, '2'].map((hardware) => cpu0With({ 'ear.trustworthiness-vector': { hardware } })),
      ...['none', [], null].map((vector) => cpu0With({ 'ear.trustworthiness-vector': vector })),
      ...[7, ['a', 7], { length: 1 }].map((ids) => cpu0With({ 'ear.appraisal-policy-id': ids })),
      ['eat_profile', { ...payload, eat_profile: [payload['eat_profile'] ?? ''] }],
      ['ear_verifier_id', { ...payload, 'ear.verifier-id': { developer: 'a' } }],
      ['ear_verifier_id', { ...payload, 'ear.verifier-id': { build: 'b' } }],
      ['ear_verifier_id', { ...payload, 'ear.verifier-id': null }],
      ...['x'.repeat(7), 'x'.repeat(89), Array<Json>(8).fill('x')].map((nonce) => changing('eat_nonce', nonce)),
      changing('nbf', AT.getTime() / 1000 + 61),
    ]
    for (const [claim, changed] of wrong)
      await refused(await tokenOf(changed), new RegExp(`^${claim.replace('.', '\\.')}`))
    const { iat: _, ...timeless } = payload
    await refused(await tokenOf(timeless), /^iat/)
    await refused(await tokenOf({ ...payload, iat: 1.5 }), /./)
    for (const iat of [1.5, '1', null, 8.64e12 + 1])
      assert.throws(() => readEarPayload({ ...payload, iat }), /^EarError: iat/)
  })
  it('and not when its claims go to the edge of what they may be', async () => {
    const { payload } = claimsOf()
    const [nbf, vector] = [AT.getTime() / 1000 + 60, { hardware: 127, executables: -128 }]
    const cpu0 = { 'ear.status': 2, ear_status: 2, 'ear.trustworthiness-vector': vector }
    for (const eat_nonce of ['x'.repeat(8), 'x'.repeat(88)]) {
      const token = await tokenOf({ ...payload, nbf, iat: nbf, eat_nonce, submods: { ...submodules(63), cpu0 } })
      const read = await readEar(token, KEYS, { at: AT })
      assert.equal(read.nonce, eat_nonce)
      assert.deepEqual({ ...read.submodules['cpu0']?.vector }, vector)
    }
    assert.equal(readEarPayload({ ...payload, exp: 8.64e12 }).expiresAt?.getTime(), 8.64e15)
  })
  it('for a key that is none for ES256, whoever verifies; without a kid only the one key that is trusted counts', async () => {
    const { payload } = claimsOf()
    const verify = () => Promise.resolve(true)
    for (const wrong of [{ kty: 'OKP' }, { crv: 'P-384' }, { alg: 'ES384' }]) {
      const keys = { keys: [{ ...SIGNER.jwk, ...wrong }] as EarKey[] }
      await assert.rejects(readEar(await tokenOf(payload), keys, { at: AT, verify }), /the key of that kid/)
    }
    const nameless = await tokenOf(payload, { alg: 'ES256' })
    const { kid: _, alg: __, ...jwk } = SIGNER.jwk as EarKey
    assert.equal((await readEar(nameless, { keys: [jwk] }, { at: AT })).status, 'affirming')
    await assert.rejects(readEar(nameless, { keys: [jwk, ...KEYS.keys] }, { at: AT }), /names no key/)
    await assert.rejects(readEar(nameless, { keys: [] }, { at: AT }), /names no key/)
  })
  it('when a claim is there in both dialects and differs', async () => {
    const { payload } = claimsOf()
    const cpu0 = { 'ear.status': 'contraindicated', ear_status: 'affirming' }
    await refused(await tokenOf({ ...payload, submods: { cpu0 } }), /two names/)
  })
})

describe('a status better than its vector', () => {
  it('is read as the vector has it, and the worst submodule counts', () => {
    const { payload } = claimsOf()
    const cpu0 = { 'ear.status': 'affirming', 'ear.trustworthiness-vector': { hardware: 97 } }
    assert.equal(readEarPayload({ ...payload, submods: { cpu0 } }).status, 'contraindicated')
    const gpu0 = { 'ear.status': 32 }
    assert.equal(readEarPayload({ ...payload, submods: { cpu0: { 'ear.status': 2 }, gpu0 } }).status, 'warning')
  })
})

/** A case of the collected tokens. */
interface EarCase {
  readonly evaluateAt: string
  readonly expect: {
    readonly fields: {
      readonly iat: number
      readonly profile: string
      readonly verifierId: { readonly developer: string; readonly build: string }
      readonly submods: Readonly<
        Record<string, { readonly status: string; readonly vector: object | null; readonly policy: string }>
      >
    }
  }
}

function jsonOf<T>(name: string): T {
  return JSON.parse(readFileSync(vectorPath(`tokens/${name}`), 'utf8'))
}

describe('results of other verifiers', { skip: missing('tokens') }, () => {
  const names = [
    'ear-veraison-affirming',
    'ear-veraison-embedded-jwk',
    'ear-veraison-extensions',
    'ear-parsec-tpm',
    'ear-trustee-cca',
  ]
  for (const name of names) {
    it(`${name} is read as it should be`, async () => {
      const { evaluateAt, expect } = jsonOf<EarCase>(`${name}/case.json`)
      const token = readFileSync(vectorPath(`tokens/${name}/token.jwt`), 'utf8').trim()
      const read = await readEar(token, jsonOf<{ keys: EarKey[] }>(`${name}/jwks.json`), { at: new Date(evaluateAt) })
      assert.equal(read.profile, expect.fields.profile)
      assert.equal(read.issuedAt.getTime(), expect.fields.iat * 1000)
      assert.deepEqual({ ...read.verifierId }, expect.fields.verifierId)
      for (const [submodule, one] of Object.entries(expect.fields.submods)) {
        const its = read.submodules[submodule]
        assert.equal(its?.status, one.status)
        assert.deepEqual({ ...its?.vector }, one.vector ?? {})
        assert.deepEqual(its?.policyIds, [one.policy])
      }
      await assert.rejects(readEar(token, KEYS, { at: new Date(evaluateAt) }), EarError)
    })
  }
  it('of the draft are read as well', () => {
    const claims = jsonOf<JsonObject>('ear-claims-sets/ear-json-1.json')
    assert.deepEqual(
      { ...readEarPayload(claims).submodules['PSA']?.vector },
      { 'instance-identity': 2, executables: 96, hardware: 2 },
    )
    assert.equal(readEarPayload(claims).status, 'contraindicated')
    for (const name of [
      'ear-json-2',
      'ext-teep-json-1',
      'ext-veraison-json-1',
      'ext-veraison-json-2',
      'ear-2023-indefinite',
    ]) {
      assert.ok(Object.keys(readEarPayload(jsonOf<JsonObject>(`ear-claims-sets/${name}.json`)).submodules).length > 0)
    }
  })
  it('that are none are all refused', async () => {
    type Row = {
      readonly name: string
      readonly token: string
      readonly jwks: string
      readonly evaluateAt: string | null
    }
    const rows = jsonOf<readonly Row[]>('negatives/rows.json').filter(({ name }) => name.startsWith('ear-'))
    assert.ok(rows.length >= 5)
    for (const { name, token, jwks, evaluateAt } of rows) {
      const keys = jsonOf<{ keys: EarKey[] }>(`${jwks}/jwks.json`)
      const at = new Date(evaluateAt ?? '2022-10-18T11:10:33Z')
      await assert.rejects(readEar(token, keys, { at }), EarError, name)
    }
  })
})
