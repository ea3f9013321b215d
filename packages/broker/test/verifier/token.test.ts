import assert from 'node:assert/strict'
import { createHash, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { chooseReference, readReferenceSet } from '@sekisho/appraisal'
import {
  basicConstraints,
  type CrlOptions,
  distinguishedName,
  generateKey,
  issueCertificate,
  issueCrl,
  keyUsage,
  namedKey,
} from '@sekisho/emulator/kit'
import type { Check, Verdict } from '@sekisho/evidence'
import type { TokenKeys, VerifierOptions } from '../../src/verifier/model.ts'
import { openVerifier } from '../../src/verifier/open.ts'

const AT = new Date('2026-06-15T12:00:00Z')
const ISSUER = 'https://issuer.example'
const [LEAF, AUTHORITY, STRANGER] = [generateKey('P-256'), generateKey('P-256'), generateKey('P-256')]
const NAMES = { leaf: distinguishedName(['CN', 'signer']), authority: distinguishedName(['CN', 'authority']) }

function certificate(leaf: boolean): Uint8Array {
  return issueCertificate({
    subject: leaf ? NAMES.leaf : NAMES.authority,
    issuer: NAMES.authority,
    serial: leaf ? 7 : 1,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    subjectKey: leaf ? LEAF : AUTHORITY,
    issuerKey: AUTHORITY,
    algorithm: 'ecdsa-p256-sha256',
    extensions: leaf
      ? [basicConstraints(false), keyUsage('digitalSignature')]
      : [basicConstraints(true, 0), keyUsage('keyCertSign', 'cRLSign')],
  })
}

const X5C = [certificate(true), certificate(false)].map((der) => Buffer.from(der).toString('base64'))

function list(serials: readonly number[], change: Partial<CrlOptions> = {}): Uint8Array {
  return issueCrl({
    issuer: NAMES.authority,
    issuerKey: AUTHORITY,
    thisUpdate: new Date('2026-06-01T00:00:00Z'),
    nextUpdate: new Date('2026-07-01T00:00:00Z'),
    algorithm: 'ecdsa-p256-sha256',
    revoked: serials.map((serial) => ({ serial })),
    ...change,
  })
}

const OTHER = list([7], { issuer: distinguishedName(['CN', 'another authority']), issuerKey: STRANGER })

function keys(more: object = { x5c: X5C }): TokenKeys {
  const jwk = LEAF.publicKey.export({ format: 'jwk' })
  return { issuer: ISSUER, jwks: JSON.stringify({ keys: [{ ...jwk, kid: 'one', ...more }] }) }
}

function token(more: object = {}): Uint8Array {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const seconds = AT.getTime() / 1000
  const claims = {
    iss: ISSUER,
    iat: seconds,
    exp: seconds + 300,
    eat_profile: 'tag:github.com,2023:veraison/ear',
    'ear.verifier-id': { developer: 'test', build: '1' },
    submods: { workload: { 'ear.status': 'affirming' } },
    ...more,
  }
  const signed = `${part({ alg: 'ES256', kid: 'one' })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key: LEAF.privateKey, dsaEncoding: 'ieee-p1363' })
  return Buffer.from(`${signed}.${signature.toString('base64url')}`)
}

const AZURE = 'https://shared.example.attest.azure.net'
const RSA = namedKey('token', 'RSA-2048')
const AZURE_KEYS = JSON.stringify({ keys: [{ ...RSA.publicKey.export({ format: 'jwk' }), kid: 'azure' }] })

/** What Azure's service signs of an enclave. */
function azureToken(nonce: string | undefined, reportData: string): Uint8Array {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const seconds = AT.getTime() / 1000
  const claims = {
    iss: AZURE,
    iat: seconds,
    nbf: seconds,
    exp: seconds + 300,
    jti: '01'.repeat(32),
    ...(nonce === undefined ? {} : { nonce }),
    'x-ms-ver': '1.0',
    'x-ms-attestation-type': 'sgx',
    'x-ms-policy-hash': 'NV1ac05uHVG8H7jncd14tq1VD6ijcYY6Xsnf6cZ8ijU',
    'x-ms-sgx-is-debuggable': false,
    'x-ms-sgx-mrenclave': 'e1'.repeat(32),
    'x-ms-sgx-mrsigner': 'e2'.repeat(32),
    'x-ms-sgx-svn': 1,
    'x-ms-sgx-report-data': reportData.padEnd(128, '0'),
  }
  const signed = `${part({ alg: 'RS256', kid: 'azure', typ: 'JWT' })}.${part(claims)}`
  return Buffer.from(`${signed}.${sign('sha256', Buffer.from(signed), RSA.privateKey).toString('base64url')}`)
}

async function judged(
  options: VerifierOptions,
  kept?: Uint8Array,
): Promise<{ readonly verdict: Verdict; readonly kept: Uint8Array }> {
  const verifier = openVerifier(options)
  const request = { at: AT, expect: {}, ...(kept === undefined ? {} : { kept }) }
  const { verdict, collateral } = await verifier.verify(verifier.recognise(token()), request)
  return { verdict, kept: collateral.bytes }
}

function revoked(verdict: Verdict): Check {
  const all = verdict.checks.flatMap(({ checks }) => checks)
  return all.find(({ id }) => id === 'token.chain.crl.not-revoked') ?? assert.fail()
}

describe('tokens at a checkpoint', () => {
  it('count with the key set of their issuer, and with no other', async () => {
    const { verdict, kept } = await judged({ tokens: { keySets: [keys()] } })
    assert.equal(verdict.authenticity, 'proven')
    assert.equal(Buffer.from(kept).toString(), keys().jwks)
    const other = await judged({ tokens: { keySets: [{ ...keys(), issuer: 'https://other.example' }] } })
    assert.notEqual(other.verdict.authenticity, 'proven')
  })

  it('count too where emulated platforms are trusted beside them', async () => {
    const root = { id: 'emulated', name: 'emulated', vendor: 'test', spkiSha256: 'ab'.repeat(32), emulated: true }
    const { verdict } = await judged({ trustAnchors: [root], tokens: { keySets: [keys()] } })
    assert.equal(verdict.authenticity, 'proven')
    assert.ok(verdict.anchors.every(({ emulated }) => emulated !== true))
  })

  for (const [where, tokens] of Object.entries({
    'with the keys': { keySets: [{ ...keys(), crls: [list([7])] }] },
    'beside them': { keySets: [keys()], crls: [OTHER, list([7])] },
  }))
    it(`a revoked key is refused by a list ${where}, and again by what was kept`, async () => {
      const first = await judged({ tokens })
      assert.equal(first.verdict.authenticity, 'refuted')
      assert.equal(revoked(first.verdict).outcome, 'fail')
      const again = await judged({}, first.kept)
      assert.equal(revoked(again.verdict).outcome, 'fail')
      assert.deepEqual(Buffer.from(again.kept), Buffer.from(first.kept))
    })

  it('a list that does not name the key holds, one of another authority says nothing of it', async () => {
    const { verdict } = await judged({ tokens: { keySets: [keys()], crls: [OTHER, list([9])] } })
    assert.equal(verdict.authenticity, 'proven')
    assert.equal(revoked(verdict).outcome, 'pass')
    const none = await judged({ tokens: { keySets: [keys()], crls: [OTHER] } })
    assert.equal(revoked(none.verdict).outcome, 'not-applicable')
  })

  it('a stale list, and one signed by somebody else, refuse', async () => {
    const stale = list([], { nextUpdate: new Date('2026-06-10T00:00:00Z') })
    for (const crl of [stale, list([], { issuerKey: STRANGER })]) {
      const { verdict } = await judged({ tokens: { keySets: [{ ...keys(), crls: [crl] }] } })
      assert.equal(verdict.authenticity, 'refuted')
    }
  })

  it('a list that came with keys without certificates leaves them unproven', async () => {
    const { verdict } = await judged({ tokens: { keySets: [{ ...keys({}), crls: [list([])] }] } })
    assert.equal(verdict.authenticity, 'unproven')
    assert.equal(revoked(verdict).outcome, 'unchecked')
  })

  it('name a session by its digest in hex or, where nonces are at most 74 or 88 characters, in base64url', async () => {
    const [digest, other] = ['this session', 'another'].map((text) => createHash('sha384').update(text).digest())
    assert.ok(digest !== undefined && other !== undefined)
    const verifier = openVerifier({ tokens: { keySets: [keys()] } })
    for (const [nonce, outcome] of [
      [digest.toString('base64url'), 'pass'],
      [other.toString('base64url'), 'fail'],
      [digest.toString('base64url').slice(0, 43), 'fail'],
    ] as const) {
      const received = verifier.recognise(token({ eat_nonce: nonce }))
      const { verdict } = await verifier.verify(received, { at: AT, expect: verifier.binding(received, digest) })
      const all = verdict.checks.flatMap(({ checks }) => checks)
      assert.equal(all.find(({ id }) => id === 'token.expect.freshness')?.outcome, outcome, nonce)
    }
  })

  it('soundness 4: a nonce that Azure copied binds nobody: the report data must have the digest as well', async () => {
    const digest = new Uint8Array(createHash('sha384').update('nonce and key').digest())
    const hex = Buffer.from(digest).toString('hex')
    const other = 'ab'.repeat(48)
    const verifier = openVerifier({ tokens: { keySets: [{ issuer: AZURE, jwks: AZURE_KEYS }] } })
    for (const [nonce, reportData, outcome] of [
      [hex, hex, 'verified'],
      // A quote from elsewhere, with which anybody may have asked.
      [hex, other, 'rejected'],
      [hex, '', 'rejected'],
      // An old token of the same quote.
      [other, hex, 'rejected'],
      [undefined, hex, 'rejected'],
    ] as const) {
      const received = verifier.recognise(azureToken(nonce, reportData))
      const expect = { ...verifier.skeleton(received), ...verifier.binding(received, digest) }
      const { verdict } = await verifier.verify(received, { at: AT, expect })
      assert.equal(verdict.outcome, outcome, `${nonce} ${reportData}: ${verdict.summary}`)
      assert.equal(verdict.authenticity, 'proven')
    }
  })

  it('of a device, which no service knows, meet a reference set made from one, and bind the session by their nonce', async () => {
    const digest = new Uint8Array(createHash('sha384').update('this session').digest())
    const verifier = openVerifier({ tokens: { keySets: [keys()] } })
    const device = (nonce: string, more: object = {}): Uint8Array =>
      token({
        'ear.verifier-id': undefined,
        eat_profile: 'tag:maker.example,2026:gateway',
        eat_nonce: nonce,
        dbgstat: 'disabled',
        swname: 'Gateway OS',
        swversion: ['3.1.4'],
        submods: { modem: { swname: 'Modem', dbgstat: 'disabled' } },
        ...more,
      })
    // What is of one exchange, or of the keys, is no part of a set.
    const { nonce: _, issuer: _2, ...values } = verifier.skeleton(verifier.recognise(device('another-exchange')))
    const set = readReferenceSet({ name: 'gateways', tee: 'token', owner: 'me', values })
    for (const [nonce, more, outcome] of [
      [Buffer.from(digest).toString('base64url'), {}, 'verified'],
      [Buffer.alloc(48, 7).toString('base64url'), {}, 'rejected'],
      [Buffer.from(digest).toString('base64url'), { swversion: ['3.1.5'] }, 'rejected'],
      [Buffer.from(digest).toString('base64url'), { dbgstat: 'enabled' }, 'rejected'],
    ] as const) {
      const received = verifier.recognise(device(nonce, more))
      const { matched } = chooseReference('token', verifier.skeleton(received), [set], AT)
      assert.equal(matched?.name, Object.hasOwn(more, 'swversion') ? undefined : 'gateways')
      const expect = { ...set.values, ...verifier.binding(received, digest) }
      const { verdict } = await verifier.verify(received, { at: AT, expect })
      assert.equal(verdict.outcome, outcome, verdict.summary)
      assert.equal(verdict.claims.hardware, false)
    }
  })

  it('what the operator got wrong is said at the start', () => {
    const many = Array.from({ length: 17 }, () => list([]))
    for (const [tokens, message] of [
      [{ crls: [new Uint8Array(9)] }, /tokens\.crls\[0\]/],
      [{ crls: many }, /at most 16/],
      [{ keySets: [{ ...keys(), crls: many.slice(1) }], crls: many.slice(16) }, /at most 16/],
      [{ keySets: [keys(), keys()] }, /two of the issuer/],
      [{ keySets: [{ issuer: ISSUER, jwks: '{"key":1}' }] }, /JSON Web Key Set/],
    ] as const)
      assert.throws(() => openVerifier({ tokens }), { name: 'TypeError', message })
  })
})
