import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import {
  basicConstraints,
  type CrlOptions,
  distinguishedName,
  type Extension,
  issueCertificate,
  issueCrl,
  type KeyPair,
  keyUsage,
  namedKey,
  spkiSha256,
} from '@sekisho/emulator/kit'
import type { Check, TrustAnchor, Verdict } from '../src/core/verdict.ts'
import type { IasVerifyOptions } from '../src/ias/index.ts'

export const CA: KeyPair = namedKey('ias authority', 'RSA-2048')
export const SIGNER: KeyPair = namedKey('ias signer', 'RSA-2048')
export const STRANGER: KeyPair = namedKey('ias stranger', 'RSA-2048')
export const TLS: KeyPair = namedKey('ias tls', 'P-256')
export const AT: Date = new Date('2021-09-12T18:06:20Z')
export const ANCHOR: TrustAnchor = {
  id: 'test-ias',
  name: 'Test',
  vendor: 'test',
  spkiSha256: spkiSha256(CA),
  emulated: true,
}
export const CA_NAME: Uint8Array = distinguishedName(['CN', 'Intel SGX Attestation Report Signing CA'])
export const WINDOW: { readonly notBefore: Date; readonly notAfter: Date } = {
  notBefore: new Date('2016-11-22T00:00:00Z'),
  notAfter: new Date('2026-11-20T00:00:00Z'),
}

export const authorityFor = (...uses: readonly ('keyCertSign' | 'cRLSign')[]): Uint8Array =>
  issueCertificate({
    ...WINDOW,
    subject: CA_NAME,
    issuer: CA_NAME,
    serial: 1,
    subjectKey: CA,
    issuerKey: CA,
    algorithm: 'rsa-pkcs1-sha384',
    extensions: [basicConstraints(true), ...(uses.length === 0 ? [] : [keyUsage(...uses)])],
  })
export const authority: Uint8Array = authorityFor('keyCertSign', 'cRLSign')

export interface LeafChange {
  readonly issuerKey?: KeyPair
  readonly issuer?: Uint8Array
  readonly notAfter?: Date
  readonly extensions?: readonly Extension[]
}

export function leaf(change: LeafChange = {}): Uint8Array {
  return issueCertificate({
    ...WINDOW,
    subject: distinguishedName(['CN', 'Intel SGX Attestation Report Signing']),
    issuer: CA_NAME,
    serial: 2,
    subjectKey: SIGNER,
    issuerKey: CA,
    algorithm: 'rsa-pkcs1-sha384',
    extensions: [basicConstraints(false), keyUsage('digitalSignature')],
    ...change,
  })
}

export const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trim()}\n-----END CERTIFICATE-----\n`

export interface Change {
  readonly status?: string
  readonly advisories?: readonly string[]
  readonly debug?: boolean
  readonly timestamp?: string
  readonly nonce?: string
  readonly reportData?: Uint8Array
  readonly certificates?: readonly Uint8Array[]
  readonly version?: number
}

export function body(change: Change = {}): string {
  const quote = Buffer.alloc(432)
  quote[0] = 2
  quote[48 + 48] = change.debug === true ? 7 : 5
  quote.fill(0xa1, 48 + 64, 48 + 96)
  quote.fill(0xb2, 48 + 128, 48 + 160)
  quote.set(change.reportData ?? Buffer.alloc(64, 0xc3), 48 + 320)
  return JSON.stringify({
    id: '1',
    timestamp: change.timestamp ?? '2021-09-12T18:06:20.402478',
    version: change.version ?? 4,
    isvEnclaveQuoteStatus: change.status ?? 'OK',
    isvEnclaveQuoteBody: quote.toString('base64'),
    ...(change.advisories === undefined ? {} : { advisoryIDs: change.advisories }),
    ...(change.nonce === undefined ? {} : { nonce: change.nonce }),
  })
}

export function parts(change: Change = {}): readonly [string, string, string] {
  const text = body(change)
  const signature = sign('sha256', Buffer.from(text), SIGNER.privateKey).toString('base64')
  return [text, signature, (change.certificates ?? [leaf(), authority]).map(pem).join('')]
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const archive = (change: Change = {}): Uint8Array => bytes(parts(change).join('|'))

export const FULL: IasVerifyOptions = {
  at: AT,
  trustAnchors: [ANCHOR],
  waive: ['ias.expect.freshness'],
  expect: { measurement: ['a1'.repeat(32)], reportData: 'c3'.repeat(64), allowEmulated: true },
}

export function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, id)
  return found
}

export function list(change: Partial<CrlOptions> = {}): Uint8Array {
  return issueCrl({
    issuer: CA_NAME,
    issuerKey: CA,
    algorithm: 'rsa-pkcs1-sha384',
    thisUpdate: new Date('2021-09-01T00:00:00Z'),
    nextUpdate: new Date('2021-10-01T00:00:00Z'),
    revoked: [{ serial: 77 }],
    ...change,
  })
}
