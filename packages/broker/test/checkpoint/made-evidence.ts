import { sign } from 'node:crypto'
import {
  basicConstraints,
  digest,
  distinguishedName,
  ecdsaRaw,
  issueCertificate,
  type KeyPair,
  keyUsage,
  namedKey,
  rawPoint,
  spkiSha256,
} from '@sekisho/emulator/kit'
import type { TrustAnchor } from '@sekisho/evidence'
import { encodePsaClaims } from '@sekisho/evidence/psa'

const DEVICE: KeyPair = namedKey('a psa device', 'P-384')
const IMPLEMENTATION = new Uint8Array(32).fill(0x11)

/** What the operator knows of the one PSA device: its key, and what may run on it. */
export function psaEndorsements(): { readonly keys: string; readonly referenceValues: string } {
  const { x, y } = DEVICE.publicKey.export({ format: 'jwk' })
  const id = Buffer.from(IMPLEMENTATION).toString('hex')
  return {
    keys: JSON.stringify([{ pkey: { kty: 'EC', crv: 'P-384', x, y }, 'implementation-id': id }]),
    referenceValues: JSON.stringify({ platform: [{ 'implementation-id': id, 'sw-components': [] }] }),
  }
}

/** A PSA token of profile 2 that the device signed, over a challenge. */
export function psaToken(nonce: Uint8Array, component = 1): Uint8Array {
  const payload = encodePsaClaims({
    profile: 'tag:psacertified.org,2023:psa#tfm',
    nonce,
    instanceId: Buffer.concat([Buffer.of(1), digest('sha256', Uint8Array.of(4), rawPoint(DEVICE))]),
    implementationId: IMPLEMENTATION,
    clientId: 1,
    lifecycle: 0x3000,
    bootSeed: new Uint8Array(32).fill(5),
    certificationReference: '0604565272829-10010',
    verificationService: undefined,
    components: [
      {
        type: 'BL',
        measurement: new Uint8Array(32).fill(component),
        version: '1.0',
        signerId: new Uint8Array(32).fill(2),
        hashAlgorithm: 'sha-256',
        order: [1, 2, 4, 5, 6],
      },
    ],
    order: [265, 10, 256, 2396, 2394, 2395, 268, 2398, 2399],
    unknown: {},
  })
  // RFC 9052, 4.2 and 4.4: COSE_Sign1 with ES384, and what is signed of it.
  const algorithm = Buffer.from('a1013822', 'hex')
  const signed = Buffer.concat([
    Buffer.from('846a5369676e617475726531', 'hex'),
    cborBytes(algorithm),
    Buffer.of(0x40),
    cborBytes(payload),
  ])
  const signature = ecdsaRaw('sha384', DEVICE, signed)
  return Buffer.concat([
    Buffer.of(0xd2, 0x84),
    cborBytes(algorithm),
    Buffer.of(0xa0),
    cborBytes(payload),
    cborBytes(signature),
  ])
}

function cborBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  const head = length < 24 ? [0x40 | length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), bytes])
}

const CA = namedKey('ias authority', 'RSA-2048')
const SIGNER = namedKey('ias signer', 'RSA-2048')
const CA_NAME = distinguishedName(['CN', 'Intel SGX Attestation Report Signing CA'])
const WINDOW = { notBefore: new Date('2016-11-22T00:00:00Z'), notAfter: new Date('2036-11-20T00:00:00Z') }

/** The root of an attestation service that is nobody's. */
export const IAS_TEST_ROOT: TrustAnchor = {
  id: 'test-ias',
  name: 'Test',
  vendor: 'test',
  spkiSha256: spkiSha256(CA),
  emulated: true,
}

/** A report of such a service about an enclave, as archives hold it. */
export function iasReport(reportData: Uint8Array): Uint8Array {
  const quote = Buffer.alloc(432)
  quote[0] = 2
  quote[48 + 48] = 5
  quote.fill(0xa1, 48 + 64, 48 + 96)
  quote.fill(0xb2, 48 + 128, 48 + 160)
  quote.set(reportData, 48 + 320)
  const body = JSON.stringify({
    id: '1',
    timestamp: '2021-09-12T18:06:20.402478',
    version: 4,
    isvEnclaveQuoteStatus: 'OK',
    isvEnclaveQuoteBody: quote.toString('base64'),
  })
  const signature = sign('sha256', Buffer.from(body), SIGNER.privateKey).toString('base64')
  return Buffer.from([body, signature, certificates()].join('|'))
}

function certificates(): string {
  const common = { ...WINDOW, issuer: CA_NAME, issuerKey: CA, algorithm: 'rsa-pkcs1-sha384' } as const
  const authority = issueCertificate({
    ...common,
    subject: CA_NAME,
    serial: 1,
    subjectKey: CA,
    extensions: [basicConstraints(true), keyUsage('keyCertSign')],
  })
  const leaf = issueCertificate({
    ...common,
    subject: distinguishedName(['CN', 'Intel SGX Attestation Report Signing']),
    serial: 2,
    subjectKey: SIGNER,
    extensions: [basicConstraints(false), keyUsage('digitalSignature')],
  })
  return [leaf, authority].map(pem).join('')
}

function pem(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trim()
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
