import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  distinguishedName,
  ecdsaRaw,
  flipBit,
  generateKey,
  issueCertificate,
  type KeyPair,
  makeSnp,
  namedKey,
  rawPoint,
  utf8,
} from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { sign1Input } from '../src/cbor/sign1.ts'
import { encodeCmwCbor, encodeCmwJson } from '../src/cmw/index.ts'
import type { Cmw } from '../src/cmw/message.ts'
import { type CompositeOptions, compositeParts, verifyComposite } from '../src/composite/index.ts'
import type { Verdict } from '../src/core/verdict.ts'
import { recognise, recogniseParts } from '../src/recognise/index.ts'
import { AT, doorFor, gpu, NONCE, wishes } from './composite-kit.ts'
import { tlv } from './nvidia-kit.ts'
import { checkOf, failing, open } from './soundness/kit.ts'

const snp = makeSnp({ nonce: Buffer.from(NONCE, 'hex'), leafKey: namedKey('the chip in a wrapper', 'P-384'), at: AT })
const record = (value: Uint8Array): Cmw => ({
  kind: 'record',
  form: 'record',
  type: 'application/octet-stream',
  value,
  indicators: undefined,
})
const COLLECTION: Cmw = {
  kind: 'collection',
  type: undefined,
  entries: [
    { label: 'vm', message: record(snp.evidence) },
    { label: 'gpu', message: record(utf8(JSON.stringify([gpu(NONCE)]))) },
  ],
}

const SIGNER = generateKey('P-256')
const STRANGER = generateKey('P-256')

interface Signing {
  readonly key?: KeyPair
  readonly kid?: string
  readonly alg?: string
  readonly header?: object
  /** Content of the header parameter of CWT claims. */
  readonly claims?: Uint8Array
  readonly unsignedClaims?: Uint8Array
}

const COSE: Readonly<Record<string, number>> = { ES256: -7, ES384: -35 }

function sign1({ key = SIGNER, kid, alg = 'ES256', claims, unsignedClaims }: Signing = {}): Uint8Array {
  const header = cborMap([
    [cborInteger(1), cborInteger(COSE[alg] ?? 5)],
    [cborInteger(3), cborText('application/cmw+cbor')],
    ...(kid === undefined ? [] : [[cborInteger(4), cborBytes(utf8(kid))] as const]),
    ...(claims === undefined ? [] : [[cborInteger(15), claims] as const]),
  ])
  const unprotected = cborMap(unsignedClaims === undefined ? [] : [[cborInteger(15), unsignedClaims]])
  const payload = encodeCmwCbor(COLLECTION)
  const signature = ecdsaRaw('sha256', key, sign1Input(header, payload))
  return cborTag(18, cborArray([cborBytes(header), unprotected, cborBytes(payload), cborBytes(signature)]))
}

function jws(signing: Signing, payload: unknown, more: object): Uint8Array {
  const { key = SIGNER, kid, alg = 'ES256', header } = signing
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg, ...(kid === undefined ? {} : { kid }), ...more, ...header })}.${part(payload)}`
  const signature = sign('sha256', utf8(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return utf8(`${signed}.${signature.toString('base64url')}`)
}

const CARRIERS: Readonly<Record<string, (signing?: Signing) => Uint8Array>> = {
  COSE_Sign1: sign1,
  JWS: (signing = {}) => jws(signing, encodeCmwJson(COLLECTION), { cty: 'cmw+json' }),
  'JWS with a claim': (signing = {}) => jws(signing, { iss: 'x', cmw: encodeCmwJson(COLLECTION) }, { typ: 'JWT' }),
}

function jwks(...keys: readonly (readonly [key: KeyPair, kid?: string])[]): string {
  return JSON.stringify({
    keys: keys.map(([key, kid]) => ({
      ...key.publicKey.export({ format: 'jwk' }),
      ...(kid === undefined ? {} : { kid }),
    })),
  })
}

function coseKey(key: KeyPair): Uint8Array {
  const point = rawPoint(key)
  return cborMap([
    [cborInteger(1), cborInteger(2)],
    [cborInteger(-1), cborInteger(1)],
    [cborInteger(-2), cborBytes(point.subarray(0, 32))],
    [cborInteger(-3), cborBytes(point.subarray(32))],
  ])
}

function judge(evidence: Uint8Array, options: Partial<CompositeOptions> = {}): Promise<Verdict> {
  return verifyComposite(evidence, { at: AT, door: doorFor(snp), expect: wishes(snp), ...options })
}

describe('a collection of conceptual messages that is not signed', () => {
  it('has nothing to check there', async () => {
    const verdict = await judge(encodeCmwCbor(COLLECTION))
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.equal(checkOf(verdict, 'composite.wrapper').outcome, 'not-applicable')
  })

  it('stays open for a caller who gives keys: somebody may have taken the signed wrapper off', async () => {
    const options = { wrapperKeys: { jwks: jwks([SIGNER]) } }
    const verdict = await judge(encodeCmwCbor(COLLECTION), options)
    assert.deepEqual([verdict.outcome, open(verdict)], ['incomplete', ['composite.wrapper']])
    const waived = await judge(encodeCmwCbor(COLLECTION), { ...options, waive: ['composite.wrapper'] })
    assert.equal(waived.outcome, 'verified')
  })
})

for (const [carrier, make] of Object.entries(CARRIERS)) {
  describe(`a collection of conceptual messages in a signed ${carrier}`, () => {
    it('stays open while nobody gives the key, unless that is waived', async () => {
      const verdict = await judge(make())
      assert.deepEqual(
        [verdict.outcome, verdict.authenticity, open(verdict)],
        ['incomplete', 'proven', ['composite.wrapper']],
      )
      assert.match(checkOf(verdict, 'composite.wrapper').remedy?.action ?? '', /wrapperKeys/)
      const waived = await judge(make(), { waive: ['composite.wrapper'] })
      assert.deepEqual([waived.outcome, waived.waived], ['verified', ['composite.wrapper']])
    })

    it('is verified with the key that it names, and with the only one', async () => {
      for (const [signing, keys] of [
        [{}, jwks([SIGNER])],
        [{ kid: 'a' }, jwks([STRANGER, 'b'], [SIGNER, 'a'])],
      ] as const) {
        const verdict = await judge(make(signing), { wrapperKeys: { jwks: keys } })
        assert.equal(verdict.outcome, 'verified', verdict.summary)
        assert.equal(checkOf(verdict, 'composite.wrapper').outcome, 'pass')
      }
    })

    it('takes a COSE_Key as well', async () => {
      assert.equal((await judge(make(), { wrapperKeys: { coseKeys: coseKey(SIGNER) } })).outcome, 'verified')
      const other = await judge(make(), { wrapperKeys: { coseKeys: coseKey(STRANGER) } })
      assert.deepEqual(failing(other), ['composite.wrapper'])
    })

    for (const [name, signing, keys] of [
      ['another key', { key: STRANGER }, jwks([SIGNER])],
      ['a key that is not in the set', { kid: 'c' }, jwks([SIGNER, 'a'])],
      ['one of several keys, and not saying which', {}, jwks([SIGNER, 'a'], [STRANGER, 'b'])],
      ['the wrong key of two', { kid: 'b' }, jwks([SIGNER, 'a'], [STRANGER, 'b'])],
      ['an algorithm that is not the key’s', { alg: 'ES384' }, jwks([SIGNER])],
      ['a set that cannot be read', {}, '{"keys":1}'],
      ['a set that says nothing', {}, '{"keys":[]}'],
    ] as const) {
      it(`is rejected when signed with ${name}`, async () => {
        const verdict = await judge(make(signing), { wrapperKeys: { jwks: keys } })
        assert.deepEqual([verdict.outcome, failing(verdict)], ['rejected', ['composite.wrapper']])
      })
    }

    it('is rejected when its signature was changed, and cannot be waived then', async () => {
      const good = make()
      const bad = carrier === 'COSE_Sign1' ? flipBit(good, good.length - 1) : changedText(good)
      const options = { wrapperKeys: { jwks: jwks([SIGNER]) }, waive: ['composite.wrapper'] }
      assert.deepEqual(failing(await judge(bad, options)), ['composite.wrapper'])
    })

    it('is rejected without any key when the algorithm is none', async () => {
      for (const alg of ['none', 'HS256']) assert.deepEqual(failing(await judge(make({ alg }))), ['composite.wrapper'])
    })
  })
}

// Another character of the signature that stands for other bits: not the last, which carries some that count for nothing.
function changedText(text: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(text)
  const at = copy.length - 5
  copy[at] = copy[at] === 65 ? 66 : 65
  return copy
}

describe('other signed wrappers', () => {
  it('a JWS with an extension that must be understood', async () => {
    const evidence = CARRIERS['JWS']?.({ header: { crit: ['x'], x: 1 } }) ?? assert.fail()
    assert.deepEqual(failing(await judge(evidence, { wrapperKeys: { jwks: jwks([SIGNER]) } })), ['composite.wrapper'])
  })

  it('a JSON Web Token that has expired, or is not valid yet', async () => {
    const seconds = AT.getTime() / 1000
    const judged = (times: object): Promise<Verdict> =>
      judge(jws({}, { ...times, cmw: encodeCmwJson(COLLECTION) }, {}), { wrapperKeys: { jwks: jwks([SIGNER]) } })
    assert.equal((await judged({ nbf: seconds, exp: seconds + 60 })).outcome, 'verified')
    for (const times of [
      { exp: seconds - 300 },
      { nbf: seconds + 301 },
      { iat: seconds + 301 },
      { exp: 'never' },
      { exp: seconds + 0.5 },
    ])
      assert.deepEqual(failing(await judged(times)), ['composite.wrapper'], JSON.stringify(times))
  })

  it('a COSE_Sign1 whose header names a time that it is good in', async () => {
    const seconds = AT.getTime() / 1000
    const judged = (signing: Signing): Promise<Verdict> =>
      judge(sign1(signing), { wrapperKeys: { jwks: jwks([SIGNER]) } })
    const claim = (label: number, value: Uint8Array): Uint8Array => cborMap([[cborInteger(label), value]])
    for (const [label, off] of [
      [4, -299],
      [5, 300],
      [6, 300],
    ] as const) {
      const verdict = await judged({ claims: claim(label, cborInteger(seconds + off)) })
      assert.equal(verdict.outcome, 'verified', verdict.summary)
    }
    for (const claims of [
      claim(4, cborInteger(seconds - 300)),
      claim(5, cborInteger(seconds + 301)),
      claim(6, cborInteger(seconds + 301)),
      claim(4, cborText('never')),
      cborText('claims'),
    ])
      assert.deepEqual(failing(await judged({ claims })), ['composite.wrapper'])
    const unsignedClaims = claim(4, cborInteger(seconds + 60))
    assert.deepEqual(failing(await judged({ unsignedClaims })), ['composite.wrapper'])
  })

  it('a certificate that carries one, under the key of its issuer and in its dates', async () => {
    const name = distinguishedName(['CN', 'carrier'])
    const wrapper = encodeCmwCbor({
      kind: 'collection',
      type: undefined,
      entries: [{ label: 'vm', message: record(snp.evidence) }],
    })
    const certificate = issueCertificate({
      subject: name,
      issuer: name,
      serial: 1,
      notBefore: AT,
      notAfter: AT,
      subjectKey: STRANGER,
      issuerKey: SIGNER,
      algorithm: 'ecdsa-p256-sha256',
      extensions: [{ oid: '1.3.6.1.5.5.7.1.35', value: tlv(0x04, wrapper) }],
    })
    const { parts, ...whole } = wishes(snp)
    const expect = { ...whole, parts: { snp: parts?.snp ?? {} } }
    assert.deepEqual(open(await judge(certificate, { expect })), ['composite.wrapper'])
    const verdict = await judge(certificate, { expect, wrapperKeys: { jwks: jwks([SIGNER]) } })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    const other = await judge(certificate, { expect, wrapperKeys: { jwks: jwks([STRANGER]) } })
    assert.deepEqual(failing(other), ['composite.wrapper'])
    const late = { at: new Date(AT.getTime() + 1000), expect, wrapperKeys: { jwks: jwks([SIGNER]) } }
    assert.ok(failing(await judge(certificate, late)).includes('composite.wrapper'))
  })

  it('one around a part alone is checked, and does not stand for the whole', async () => {
    const inner = cborMap([
      [
        cborText('gpu'),
        cborArray([cborText('application/octet-stream'), cborBytes(utf8(JSON.stringify([gpu(NONCE)])))]),
      ],
      [cborText('signed'), cborArray([cborText('application/cmw+cbor'), cborBytes(signedVm())])],
    ])
    assert.deepEqual(open(await judge(inner)), ['composite.wrapper'])
    const verdict = await judge(inner, { wrapperKeys: { jwks: jwks([SIGNER]) } })
    assert.deepEqual([verdict.outcome, open(verdict)], ['incomplete', ['composite.wrapper']])
    assert.match(checkOf(verdict, 'composite.wrapper').reason, /around all of the parts/)
    const other = await judge(inner, { wrapperKeys: { jwks: jwks([STRANGER]) } })
    assert.deepEqual(failing(other), ['composite.wrapper'])
  })

  it('one around the first of several GPUs is not around the others', () => {
    const beside = cborMap([
      [cborText('signed'), cborArray([cborText('application/cmw+cbor'), cborBytes(sign1())])],
      [
        cborText('gpu-2'),
        cborArray([cborText('application/octet-stream'), cborBytes(utf8(JSON.stringify([gpu(NONCE, 'second')])))]),
      ],
    ])
    assert.deepEqual(
      compositeParts(beside).map(({ recognised, wrappedBy }) => [recognised.tee, wrappedBy.length]),
      [
        ['snp', 1],
        ['nvidia-gpu', 0],
      ],
    )
  })

  it('one around KBS evidence is around its devices as well', async () => {
    const devices = JSON.stringify({ nvidia: [gpu(NONCE)] })
    const json = { primary_evidence: Buffer.from(snp.evidence).toString('base64'), additional_evidence: devices }
    const payload = encodeCmwJson(record(utf8(JSON.stringify(json))))
    const parts = compositeParts(jws({}, payload, { cty: 'cmw+json' }))
    assert.deepEqual(
      parts.map(({ device, wrappedBy }) => [device, wrappedBy.map(({ label }) => label)]),
      [
        [false, ['JWS']],
        [true, ['JWS']],
      ],
    )
  })

  it('recognise hands the signed form on, once for all parts', () => {
    const evidence = sign1()
    const parts = recogniseParts(evidence)
    const found = parts.map(({ recognised }) => recognised.companions.filter(({ kind }) => kind === 'signed-wrapper'))
    assert.deepEqual(
      found[0]?.map(({ label, bytes }) => [label, bytes]),
      [['COSE_Sign1', evidence]],
    )
    assert.equal(found[0]?.[0], found[1]?.[0])
    assert.match(recognise(signedVm()).unused.join(), /signature around the wrapper/)
  })
})

function signedVm(): Uint8Array {
  const header = cborMap([
    [cborInteger(1), cborInteger(-7)],
    [cborInteger(3), cborText('application/cmw+cbor')],
  ])
  const payload = encodeCmwCbor(record(snp.evidence))
  const signature = ecdsaRaw('sha256', SIGNER, sign1Input(header, payload))
  return cborArray([cborBytes(header), cborMap([]), cborBytes(payload), cborBytes(signature)])
}
