import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { integer, oid, rawInteger, time } from '../../src/kit/der.ts'
import {
  basicConstraints,
  type CertificateOptions,
  distinguishedName,
  generateKey,
  highSerial,
  type IssuingAlgorithm,
  issueCertificate,
  issueCrl,
  keyUsage,
  namedKey,
  toHex,
  toPem,
} from '../../src/kit/index.ts'
import { openssl, withoutOpenssl } from './openssl.ts'

const EC_256: readonly IssuingAlgorithm[] = ['ecdsa-p256-sha256', 'ecdsa-sha1']
const RSA: readonly IssuingAlgorithm[] = [
  'rsassa-pss-sha384',
  'rsassa-pss-sha384-trailer',
  'rsassa-pss-sha256',
  'rsassa-pss-sha384-salt32',
  'rsa-pkcs1-sha384',
]

function selfSigned(algorithm: IssuingAlgorithm, overrides: Partial<CertificateOptions> = {}): Uint8Array {
  const kind = RSA.includes(algorithm) ? 'RSA-2048' : EC_256.includes(algorithm) ? 'P-256' : 'P-384'
  const key = namedKey('self-signed', kind)
  const name = distinguishedName(['CN', 'Test'], ['C', 'JP'])
  return issueCertificate({
    subject: name,
    issuer: name,
    serial: 1,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2060-01-01T00:00:00Z'),
    subjectKey: key,
    issuerKey: key,
    algorithm,
    extensions: [basicConstraints(true, 1), keyUsage('keyCertSign', 'cRLSign')],
    ...overrides,
  })
}

describe('DER', () => {
  it('writes integers in their shortest form and keeps them positive', () => {
    assert.equal(toHex(integer(0)), '020100')
    assert.equal(toHex(integer(127)), '02017f')
    assert.equal(toHex(integer(219)), '020200db')
    assert.equal(toHex(rawInteger(Uint8Array.of(0xdb))), '0201db')
  })
  it('writes object identifiers', () => {
    assert.equal(toHex(oid('1.2.840.113741.1.13.1')), '06092a864886f84d010d01')
    assert.equal(toHex(oid('1.3.6.1.4.1.3704.1.3.1')), '060a2b060104019c78010301')
  })
  it('changes from UTCTime to GeneralizedTime in 2050', () => {
    assert.equal(toHex(time(new Date('2049-12-31T23:59:59Z'))).slice(0, 4), '170d')
    assert.equal(toHex(time(new Date('2050-01-01T00:00:00Z'))).slice(0, 4), '180f')
  })
})

describe('certificates', () => {
  for (const algorithm of [...EC_256, 'ecdsa-p384-sha384', ...RSA] as const) {
    it(`signed with ${algorithm} verify under the issuer's key in node:crypto`, () => {
      const certificate = new X509Certificate(toPem(selfSigned(algorithm)))
      assert.equal(certificate.verify(certificate.publicKey), true)
      assert.equal(certificate.ca, true)
    })
  }
  it('do not verify once corrupted', () => {
    for (const corrupt of ['signature', 'signed-part'] as const) {
      const certificate = new X509Certificate(toPem(selfSigned('rsassa-pss-sha384', { corrupt })))
      assert.equal(certificate.verify(certificate.publicKey), false)
    }
  })
  it('carry any serial number', () => {
    assert.equal(new X509Certificate(toPem(selfSigned('ecdsa-p256-sha256', { serial: 0 }))).serialNumber, '0')
    const high = highSerial('x')
    assert.equal(high.length, 21)
    const certificate = new X509Certificate(toPem(selfSigned('ecdsa-p256-sha256', { serial: high })))
    assert.equal(certificate.serialNumber.toLowerCase(), toHex(high.subarray(1)))
  })
  it('can be of version 1, name another algorithm inside, and hold an extension twice', () => {
    const version1 = selfSigned('ecdsa-p256-sha256', { version: 1, extensions: [] })
    assert.equal(new X509Certificate(toPem(version1)).ca, false)
    const inner = selfSigned('ecdsa-p256-sha256', { innerAlgorithm: 'ecdsa-p384-sha384' })
    assert.equal(toHex(inner).includes('2a8648ce3d040303'), true)
    const twice = selfSigned('ecdsa-p256-sha256', { extensions: [basicConstraints(true), basicConstraints(false)] })
    assert.equal(toHex(twice).split('0603551d13').length, 3)
  })
})

describe('revocation lists', () => {
  const key = generateKey('P-256')
  const issuer = distinguishedName(['CN', 'Test'])
  const base = {
    issuer,
    issuerKey: key,
    algorithm: 'ecdsa-p256-sha256',
    thisUpdate: new Date('2026-01-01T00:00:00Z'),
  } as const

  it('are read by openssl', { skip: withoutOpenssl }, () => {
    const crl = issueCrl({ ...base, nextUpdate: new Date('2026-02-01T00:00:00Z'), revoked: [{ serial: 0xabcdef }] })
    const { status, text } = openssl({ 'list.der': crl }, 'crl', '-inform', 'DER', '-in', 'list.der', '-noout', '-text')
    assert.equal(status, 0, text)
    assert.match(text, /Serial Number: ABCDEF/)
    assert.match(text, /Next Update: Feb {2}1 00:00:00 2026 GMT/)
  })
  it('leave out an empty list and an absent next update', { skip: withoutOpenssl }, () => {
    const { text } = openssl(
      { 'list.der': issueCrl(base) },
      'crl',
      '-inform',
      'DER',
      '-in',
      'list.der',
      '-noout',
      '-text',
    )
    assert.match(text, /No Revoked Certificates/)
    assert.match(text, /Next Update: NONE/)
  })
})
