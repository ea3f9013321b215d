import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  distinguishedName,
  generateKey,
  issueCertificate,
  issueCrl,
  keyUsage,
  spkiSha256,
  toPem,
} from '@sekisho/emulator/kit'
import type { TrustAnchor } from '@sekisho/evidence'
import type { GivenFile } from '../src/engine/messages.ts'
import { WORK } from '../src/engine/work.ts'

const AT = Date.parse('2026-06-15T12:00:00Z')
const ISSUER = 'https://issuer.example'
const [leaf, authority] = [generateKey('P-256'), generateKey('P-256')]
const [signer, plain] = [distinguishedName(['CN', 'signer']), distinguishedName(['CN', 'authority'])]
const digicert = distinguishedName(['O', 'DigiCert Inc'], ['CN', 'authority'])

const certificatesUnder = (above: Uint8Array): readonly Uint8Array[] =>
  [true, false].map((own) =>
    issueCertificate({
      subject: own ? signer : above,
      issuer: above,
      serial: own ? 7 : 1,
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      subjectKey: own ? leaf : authority,
      issuerKey: authority,
      algorithm: 'ecdsa-p256-sha256',
      extensions: own
        ? [basicConstraints(false), keyUsage('digitalSignature')]
        : [basicConstraints(true, 0), keyUsage('keyCertSign', 'cRLSign')],
    }),
  )
const list = (serial: number, above: Uint8Array = plain): Uint8Array =>
  issueCrl({
    issuer: above,
    issuerKey: authority,
    thisUpdate: new Date('2026-06-01T00:00:00Z'),
    nextUpdate: new Date('2026-07-01T00:00:00Z'),
    algorithm: 'ecdsa-p256-sha256',
    revoked: [{ serial }],
  })

function keySet(more: object = {}, above: Uint8Array = plain): GivenFile {
  const x5c = certificatesUnder(above).map((der) => Buffer.from(der).toString('base64'))
  const keys = [{ ...leaf.publicKey.export({ format: 'jwk' }), x5c }]
  return { name: 'keys.json', bytes: new TextEncoder().encode(JSON.stringify({ keys, ...more })) }
}

function token(header: object = {}): Uint8Array {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    iss: ISSUER,
    iat: AT / 1000,
    exp: AT / 1000 + 300,
    eat_profile: 'tag:github.com,2023:veraison/ear',
    'ear.verifier-id': { developer: 'nobody', build: '1' },
    submods: { workload: { 'ear.status': 'affirming' } },
  }
  const signed = `${part({ alg: 'ES256', ...header })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key: leaf.privateKey, dsaEncoding: 'ieee-p1363' })
  return Buffer.from(`${signed}.${signature.toString('base64url')}`)
}

async function judged(
  files: readonly GivenFile[],
  change: { readonly file?: Uint8Array; readonly issuer?: string; readonly anchors?: readonly TrustAnchor[] } = {},
  check = 'token.chain.crl.not-revoked',
): Promise<readonly [string, string | undefined]> {
  const { file = token(), issuer = ISSUER, anchors = [] } = change
  const { verdict } = await WORK.verify({
    file,
    part: 0,
    files,
    eventLog: undefined,
    expect: { issuer },
    waive: [],
    anchors,
    distrust: [],
    at: AT,
  })
  const all = verdict.checks.flatMap(({ checks }) => checks)
  return [verdict.authenticity, all.find(({ id }) => id === check)?.outcome]
}

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64')

describe('revocation lists for tokens in the page', () => {
  it('are asked, as files of their own and with the key set', async () => {
    assert.deepEqual(await judged([keySet()]), ['proven', 'not-applicable'])
    for (const [serial, found] of [
      [9, ['proven', 'pass']],
      [7, ['refuted', 'fail']],
    ] as const) {
      const der = list(serial)
      const pem = new TextEncoder().encode(toPem(der, 'X509 CRL'))
      assert.deepEqual(await judged([keySet(), { name: 'list.crl', bytes: der }]), found)
      assert.deepEqual(await judged([{ name: 'list.pem', bytes: pem }, keySet()]), found)
      assert.deepEqual(await judged([keySet({ issuer: ISSUER, crls: [base64(der)] })]), found)
    }
  })

  it('are asked where the authority is under DigiCert, as IBM’s is', async () => {
    const file = { name: 'list.crl', bytes: list(7, digicert) }
    assert.deepEqual(await judged([keySet({}, digicert), file]), ['refuted', 'fail'])
    assert.deepEqual(await judged([keySet(), file]), ['proven', 'not-applicable'], 'and of others they say nothing')
  })

  it('a key set that names another issuer is not asked', async () => {
    const [authenticity] = await judged([keySet({ issuer: 'https://other.example' })])
    assert.equal(authenticity, 'unproven')
    assert.deepEqual(await judged([keySet(), keySet({ issuer: 'https://other.example', crls: [base64(list(7))] })]), [
      'proven',
      'not-applicable',
    ])
  })

  it('an issuer that is expected counts also where no keys are given', async () => {
    const file = token({ x5c: certificatesUnder(plain).map((der) => Buffer.from(der).toString('base64')) })
    const anchors = [{ id: 'mine', name: 'mine', vendor: 'test', spkiSha256: spkiSha256(authority) }]
    const issued = async (issuer: string): Promise<unknown> => judged([], { file, issuer, anchors }, 'token.issuer')
    assert.deepEqual(await issued(ISSUER), ['proven', 'pass'])
    assert.deepEqual(await issued('https://other.example'), ['refuted', 'fail'])
  })

  it('a damaged list beside the keys is said', async () => {
    for (const more of [{ crls: 'AA' }, { crls: [7] }, { crls: ['%'] }, { issuer: 5 }])
      await assert.rejects(judged([keySet(more)]), TypeError, JSON.stringify(more))
  })
})
