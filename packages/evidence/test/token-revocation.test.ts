import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  type CertificateOptions,
  type CrlOptions,
  distinguishedName,
  generateKey,
  issueCertificate,
  issueCrl,
  type KeyPair,
  keyUsage,
  spkiSha256,
  toPem,
  utf8,
} from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import type { Check, TrustAnchor, Verdict } from '../src/core/verdict.ts'
import { parseToken, type TokenVerifyOptions, verifyTokenSync } from '../src/token/index.ts'

const AT = new Date('2026-06-15T12:00:00Z')
const [LEAF, AUTHORITY, ROOT] = [generateKey('P-256'), generateKey('P-256'), generateKey('P-256')]
const KEYS: readonly KeyPair[] = [LEAF, AUTHORITY, ROOT]
const STRANGER = generateKey('P-256')
const NAMES = ['signer', 'authority', 'root'].map((name) => distinguishedName(['CN', name]))

function at<T>(list: readonly T[], place: number): T {
  return list[place] ?? assert.fail()
}

/** A certificate by its place: 0 the signer's, 1 the authority's, 2 the root's. */
function certificate(place: number, change: Partial<CertificateOptions> = {}): Uint8Array {
  const above = Math.min(place + 1, 2)
  return issueCertificate({
    subject: at(NAMES, place),
    issuer: at(NAMES, above),
    serial: place + 1,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    subjectKey: at(KEYS, place),
    issuerKey: at(KEYS, above),
    algorithm: 'ecdsa-p256-sha256',
    extensions:
      place === 0
        ? [basicConstraints(false), keyUsage('digitalSignature')]
        : [basicConstraints(true, place - 1), keyUsage('keyCertSign', 'cRLSign')],
    ...change,
  })
}

const CHAIN: readonly Uint8Array[] = [certificate(0), certificate(1), certificate(2)]

/** A list of the authority at a place, 1 or 2, with the serials that it revokes. */
function list(place: number, serials: readonly number[] = [], change: Partial<CrlOptions> = {}): Uint8Array {
  return issueCrl({
    issuer: at(NAMES, place),
    issuerKey: at(KEYS, place),
    thisUpdate: new Date('2026-06-01T00:00:00Z'),
    nextUpdate: new Date('2026-07-01T00:00:00Z'),
    algorithm: 'ecdsa-p256-sha256',
    revoked: serials.map((serial) => ({ serial })),
    ...change,
  })
}

function anchor(key: KeyPair): TrustAnchor {
  return { id: 'named', name: 'named by the caller', vendor: 'test', spkiSha256: spkiSha256(key) }
}

const ISSUER = 'https://issuer.example'

function jwt(chain: readonly Uint8Array[]): Uint8Array {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const seconds = AT.getTime() / 1000
  const claims = {
    iss: ISSUER,
    iat: seconds,
    exp: seconds + 300,
    eat_profile: 'tag:github.com,2023:veraison/ear',
    'ear.verifier-id': { developer: 'test', build: '1' },
    submods: { workload: { 'ear.status': 'affirming' } },
  }
  const header = { alg: 'ES256', x5c: chain.map((der) => Buffer.from(der).toString('base64')) }
  const signed = `${part(header)}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key: LEAF.privateKey, dsaEncoding: 'ieee-p1363' })
  return Buffer.from(`${signed}.${signature.toString('base64url')}`)
}

function judged(crls: readonly Uint8Array[], change: Partial<TokenVerifyOptions> = {}): Verdict {
  return verifyTokenSync(jwt(CHAIN), { at: AT, issuer: ISSUER, trustAnchors: [anchor(ROOT)], crls, ...change })
}

const KEY_SET = { issuer: ISSUER, jwks: JSON.stringify({ keys: [LEAF.publicKey.export({ format: 'jwk' })] }) }

function checks(verdict: Verdict): readonly Check[] {
  return verdict.checks.flatMap((group) => group.checks).filter(({ phase }) => phase === 'authenticity')
}

function failed(verdict: Verdict): readonly string[] {
  const bad = checks(verdict).filter(({ outcome }) => outcome === 'fail')
  for (const { reason, remedy } of bad) assert.ok(reason !== '' && remedy !== undefined)
  assert.equal(verdict.authenticity, bad.length === 0 ? 'proven' : 'refuted')
  return bad.map(({ id }) => id)
}

function found(verdict: Verdict, name: string): Check {
  return checks(verdict).find(({ id }) => id === `token.chain.crl.${name}`) ?? assert.fail()
}

describe('revocation lists of the authorities above the key of a token', () => {
  it('none given: nothing is asked', () => {
    const verdict = judged([])
    assert.deepEqual(failed(verdict), [])
    assert.equal(found(verdict, 'not-revoked').outcome, 'not-applicable')
  })

  it('soundness 12: as long as one authority is not asked, the verdict says that it relies on that', () => {
    const relies = (crls: readonly Uint8Array[]): boolean =>
      judged(crls).assumed.some(({ id }) => id === 'no-revocation')
    assert.deepEqual(
      [relies([]), relies([list(1)]), relies([list(2)]), relies([list(1), list(2)])],
      [true, true, true, false],
    )
    // A key that the caller trusts rests on no certificate.
    assert.equal(judged([], { trustAnchors: [anchor(LEAF)], keySet: KEY_SET }).assumed.length, 2)
  })

  it('of every authority, in DER and PEM: they pass', () => {
    const verdict = judged([list(1), utf8(toPem(list(2), 'X509 CRL'))])
    assert.deepEqual(failed(verdict), [])
    assert.match(found(verdict, 'not-revoked').reason ?? '', /no certificate is on a list/)
    assert.match(found(judged([list(1, [9])]), 'not-revoked').reason ?? '', /of 1 there is no list/)
  })

  it('that name the signer or an authority: refused', () => {
    assert.deepEqual(failed(judged([list(1, [1])])), ['token.chain.crl.not-revoked'])
    assert.deepEqual(failed(judged([list(1), list(2, [2])])), ['token.chain.crl.not-revoked'])
    // A serial number is of one authority: the root's list does not speak of what another issued.
    assert.deepEqual(failed(judged([list(2, [1])])), [])
  })

  for (const [name, crl, id] of [
    ['of another authority', list(1, [], { issuer: distinguishedName(['CN', 'another']) }), 'genuine'],
    ['signed by somebody else', list(1, [], { issuerKey: STRANGER }), 'genuine'],
    ['that cannot be read', Uint8Array.of(0x30, 1, 1), 'genuine'],
    ['of later than now', list(1, [], { thisUpdate: new Date('2026-06-16T00:00:00Z') }), 'current'],
    ['that is stale', list(1, [], { nextUpdate: new Date('2026-06-15T11:59:59Z') }), 'current'],
    ['without an end', list(1, [], { nextUpdate: undefined }), 'current'],
  ] as const) {
    it(`${name}: refused`, () => assert.deepEqual(failed(judged([crl])), [`token.chain.crl.${id}`]))
  }

  it('of an authority that must not sign lists: refused', () => {
    const mute = certificate(1, { extensions: [basicConstraints(true, 0), keyUsage('keyCertSign')] })
    const verdict = verifyTokenSync(jwt([at(CHAIN, 0), mute, at(CHAIN, 2)]), {
      at: AT,
      issuer: ISSUER,
      trustAnchors: [anchor(ROOT)],
      crls: [list(1)],
    })
    assert.deepEqual(failed(verdict), ['token.chain.crl.genuine'])
  })

  it('count for a key of a set too, by the certificates of the set', () => {
    const jwk = {
      ...LEAF.publicKey.export({ format: 'jwk' }),
      alg: 'ES256',
      x5c: CHAIN.map((der) => Buffer.from(der).toString('base64')),
    }
    const keySet = { issuer: ISSUER, jwks: JSON.stringify({ keys: [jwk] }) }
    const given = (crls: readonly Uint8Array[]): Verdict => verifyTokenSync(jwt(CHAIN), { at: AT, keySet, crls })
    assert.deepEqual(failed(given([list(1)])), [])
    assert.deepEqual(failed(given([list(1, [1])])), ['token.chain.crl.not-revoked'])
  })

  it('about a key without certificates, or with those alone that the token shows: an open question, no yes', () => {
    const jwk = { ...LEAF.publicKey.export({ format: 'jwk' }), alg: 'ES256' }
    const keySet = { issuer: ISSUER, jwks: JSON.stringify({ keys: [jwk] }) }
    const forged = [certificate(0, { serial: 77, issuerKey: STRANGER }), at(CHAIN, 1), at(CHAIN, 2)]
    for (const chain of [forged, CHAIN])
      for (const trustAnchors of [undefined, [anchor(LEAF)]]) {
        const given = { at: AT, keySet, ...(trustAnchors && { trustAnchors }) }
        assert.equal(verifyTokenSync(jwt(chain), given).authenticity, 'proven')
        const verdict = verifyTokenSync(jwt(chain), { ...given, crls: [list(1, [1])] })
        assert.equal(found(verdict, 'not-revoked').outcome, 'unchecked')
        assert.equal(verdict.authenticity, 'unproven')
      }
  })

  it('more than 16 are an error of the caller', () => {
    assert.throws(() => judged(Array.from({ length: 17 }, () => list(1))), { name: 'TypeError', message: /crls/ })
  })
})

describe('certificates in a token in CBOR', () => {
  const X5CHAIN = 33

  function cwt(x5chain: Uint8Array, where: 'protected' | 'unprotected', signer: KeyPair = LEAF): Uint8Array {
    const one = [cborInteger(X5CHAIN), x5chain] as const
    const header = cborMap([[cborInteger(1), cborInteger(-7)], ...(where === 'protected' ? [one] : [])])
    const seconds = AT.getTime() / 1000
    const payload = cborMap([
      [cborInteger(1), cborText(ISSUER)],
      [cborInteger(6), cborInteger(seconds)],
      [cborInteger(265), cborText('tag:ietf.org,2026:rats/ear#03')],
      [
        cborInteger(1004),
        cborMap([
          [cborInteger(0), cborText('test')],
          [cborInteger(1), cborText('1')],
        ]),
      ],
      [cborInteger(266), cborMap([[cborText('machine'), cborMap([[cborInteger(1000), cborInteger(2)]])]])],
    ])
    const input = cborArray([
      cborText('Signature1'),
      cborBytes(header),
      cborBytes(new Uint8Array()),
      cborBytes(payload),
    ])
    const signature = new Uint8Array(sign('sha256', input, { key: signer.privateKey, dsaEncoding: 'ieee-p1363' }))
    const rest = cborMap(where === 'unprotected' ? [one] : [])
    return cborTag(18, cborArray([cborBytes(header), rest, cborBytes(payload), cborBytes(signature)]))
  }

  const judge = (token: Uint8Array, change: Partial<TokenVerifyOptions> = {}): Verdict =>
    verifyTokenSync(token, { at: AT, issuer: ISSUER, trustAnchors: [anchor(ROOT)], ...change })
  const whole = cborArray(CHAIN.map(cborBytes))

  for (const where of ['protected', 'unprotected'] as const) {
    it(`in the ${where} header lead to a root that the caller names`, () => {
      assert.deepEqual(failed(judge(cwt(whole, where))), [])
      assert.deepEqual(failed(judge(cwt(whole, where), { trustAnchors: [anchor(STRANGER)] })), ['token.key.trusted'])
      assert.deepEqual(failed(judge(cwt(whole, where, STRANGER))), ['token.signature'])
    })
  }

  it('one alone is a byte string, and revocation lists count', () => {
    const header = parseToken(cwt(cborBytes(at(CHAIN, 0)), 'unprotected')).header
    assert.deepEqual(header['x5c'], [Buffer.from(at(CHAIN, 0)).toString('base64')])
    assert.deepEqual(failed(judge(cwt(whole, 'unprotected'), { crls: [list(1, [1])] })), [
      'token.chain.crl.not-revoked',
    ])
  })

  it('that are none are named, and nothing is proven', () => {
    for (const bad of [cborText('x'), cborArray([]), cborArray([cborInteger(1)])]) {
      const verdict = judge(cwt(bad, 'unprotected'))
      assert.equal(verdict.authenticity, 'refuted')
      assert.ok(checks(verdict).some(({ id, outcome }) => id === 'token.chain.readable' && outcome === 'fail'))
    }
  })
})
