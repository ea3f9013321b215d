import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  type CrlOptions,
  distinguishedName,
  type Extension,
  issueCertificate,
  issueCrl,
  keyUsage,
  namedKey,
  rawPoint,
  spkiSha256,
} from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import type { Check, TrustAnchor, Verdict } from '../src/core/verdict.ts'
import {
  IAS_ROOT,
  type IasVerifyOptions,
  iasCheckIds,
  parseIas,
  RA_TLS_EXTENSION,
  verifyIas,
  verifyIasSync,
} from '../src/ias/index.ts'
import { recognise } from '../src/recognise/index.ts'
import { VECTORS } from './vectors.ts'

const CA = namedKey('ias authority', 'RSA-2048')
const SIGNER = namedKey('ias signer', 'RSA-2048')
const STRANGER = namedKey('ias stranger', 'RSA-2048')
const TLS = namedKey('ias tls', 'P-256')
const AT = new Date('2021-09-12T18:06:20Z')
const ANCHOR: TrustAnchor = { id: 'test-ias', name: 'Test', vendor: 'test', spkiSha256: spkiSha256(CA), emulated: true }
const CA_NAME = distinguishedName(['CN', 'Intel SGX Attestation Report Signing CA'])
const WINDOW = { notBefore: new Date('2016-11-22T00:00:00Z'), notAfter: new Date('2026-11-20T00:00:00Z') }

const authority = issueCertificate({
  ...WINDOW,
  subject: CA_NAME,
  issuer: CA_NAME,
  serial: 1,
  subjectKey: CA,
  issuerKey: CA,
  algorithm: 'rsa-pkcs1-sha384',
  extensions: [basicConstraints(true), keyUsage('keyCertSign')],
})

interface LeafChange {
  readonly issuerKey?: typeof CA
  readonly issuer?: Uint8Array
  readonly notAfter?: Date
  readonly extensions?: readonly Extension[]
}

function leaf(change: LeafChange = {}): Uint8Array {
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

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trim()}\n-----END CERTIFICATE-----\n`

interface Change {
  readonly status?: string
  readonly advisories?: readonly string[]
  readonly debug?: boolean
  readonly timestamp?: string
  readonly nonce?: string
  readonly reportData?: Uint8Array
  readonly certificates?: readonly Uint8Array[]
  readonly version?: number
}

function body(change: Change = {}): string {
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

function parts(change: Change = {}): readonly [string, string, string] {
  const text = body(change)
  const signature = sign('sha256', Buffer.from(text), SIGNER.privateKey).toString('base64')
  return [text, signature, (change.certificates ?? [leaf(), authority]).map(pem).join('')]
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const archive = (change: Change = {}): Uint8Array => bytes(parts(change).join('|'))

const FULL: IasVerifyOptions = {
  at: AT,
  trustAnchors: [ANCHOR],
  waive: ['ias.expect.freshness'],
  expect: { measurement: ['a1'.repeat(32)], reportData: 'c3'.repeat(64), allowEmulated: true },
}

function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, id)
  return found
}

function list(change: Partial<CrlOptions> = {}): Uint8Array {
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

describe('archived IAS reports with a revocation list', () => {
  const LATER = new Date('2026-01-01T00:00:00Z')
  const judged = (crl: Uint8Array | undefined, at = AT): Verdict =>
    verifyIasSync(archive(), { ...FULL, at, ...(crl === undefined ? {} : { crl }) })
  const isAssumed = (verdict: Verdict): boolean => verdict.assumed.some(({ id }) => id === 'not-revoked')

  it('rely on the key not being revoked where there is none, and say so', () => {
    const verdict = judged(undefined)
    for (const id of ['genuine', 'not-revoked'])
      assert.equal(check(verdict, `ias.crl.${id}`).outcome, 'not-applicable', id)
    assert.ok(isAssumed(verdict))
  })

  it('rely on the list where there is one: of the time of the report, or later', () => {
    const later = { thisUpdate: new Date('2025-01-01T00:00:00Z'), nextUpdate: new Date('2025-02-01T00:00:00Z') }
    for (const verdict of [judged(list()), judged(list({ revoked: [] })), judged(list(later), LATER)]) {
      assert.equal(verdict.outcome, 'verified', verdict.summary)
      for (const id of ['genuine', 'not-revoked']) assert.equal(check(verdict, `ias.crl.${id}`).outcome, 'pass', id)
      assert.ok(!isAssumed(verdict))
    }
  })

  it('are refused when the signing certificate is listed, whenever that was', () => {
    const revoked = [{ serial: 1 }, { serial: 2, at: new Date('2021-09-30T00:00:00Z') }]
    const later = { thisUpdate: new Date('2025-01-01T00:00:00Z'), nextUpdate: new Date('2025-02-01T00:00:00Z') }
    for (const verdict of [judged(list({ revoked })), judged(list({ revoked, ...later }), LATER)]) {
      assert.equal(verdict.authenticity, 'refuted')
      assert.match(check(verdict, 'ias.crl.not-revoked').reason, /0x02 is revoked/)
    }
  })

  for (const [name, crl, reason] of [
    ['is none', bytes('no list'), /crl/],
    ['is cut', list().subarray(0, 100), /crl/],
    ['another authority issued', list({ issuer: distinguishedName(['CN', 'Other']) }), /another authority/],
    ['another key signed', list({ issuerKey: STRANGER }), /not signed by the authority/],
    ['was changed', list({ corrupt: 'signed-part' }), /not signed by the authority/],
    ['ended before the report', list({ nextUpdate: new Date('2021-09-12T18:06:19Z') }), /before the report was made/],
    ['has no end', list({ nextUpdate: undefined }), /until when/],
    ['is of the future', list({ thisUpdate: new Date('2021-09-13T00:00:00Z') }), /later than the time of judging/],
    [
      'has an extension that is critical and not known',
      list({ extensions: [{ oid: '1.2.3', critical: true, value: Uint8Array.of(5, 0) }] }),
      /critical extension that is not known \(1\.2\.3\)/,
    ],
  ] as const) {
    it(`are refused with a list that ${name}: it says nothing, and the caller meant to ask`, () => {
      const verdict = judged(crl)
      assert.equal(verdict.outcome, 'rejected')
      const { outcome, reason: said, remedy } = check(verdict, 'ias.crl.genuine')
      assert.deepEqual([outcome, remedy?.by], ['fail', 'relying-party'])
      assert.match(said, reason)
      assert.equal(check(verdict, 'ias.crl.not-revoked').outcome, 'unchecked')
    })
  }
})

describe('archived IAS reports', () => {
  it('verifies once everything is expected, the same in both doors', async () => {
    const verdict = verifyIasSync(archive(), FULL)
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.deepEqual(await verifyIas(archive(), FULL), verdict)
    assert.equal(verdict.claims.launchMeasurement, 'a1'.repeat(32))
    assert.equal(verdict.emulated, true)
    assert.equal(verifyIasSync(archive(), { at: AT, trustAnchors: [ANCHOR] }).outcome, 'rejected')
  })

  it('reads every form in which archives hold it', () => {
    const [text, signature, certificates] = parts()
    const der = Buffer.from(leaf()).toString('base64')
    const tls = issueCertificate({
      ...WINDOW,
      subject: CA_NAME,
      issuer: CA_NAME,
      serial: 3,
      subjectKey: TLS,
      issuerKey: TLS,
      algorithm: 'ecdsa-p256-sha256',
      extensions: [{ oid: RA_TLS_EXTENSION, value: bytes([text, signature, der].join('|')) }],
    })
    const forms: readonly Uint8Array[] = [
      bytes([text, signature, certificates].join('|')),
      bytes([text, signature, encodeURIComponent(certificates)].join('|')),
      bytes(JSON.stringify({ report: text, signature, signingCertificate: certificates })),
      bytes(JSON.stringify({ raReport: Buffer.from(text).toString('base64'), signature, rawSigningCert: der })),
      bytes(pem(tls)),
      tls,
    ]
    for (const form of forms) {
      const found = recognise(form)
      assert.equal(found.tee, 'sgx-epid')
      assert.deepEqual(parseIas(found.evidence).body, bytes(text))
    }
    assert.equal(recognise(bytes(text)).tee, 'sgx-epid')
  })

  it('binds the certificate that carried the report, in each way it was done', () => {
    const point = rawPoint(TLS)
    const carried = (reportData: Uint8Array): Check => {
      const [text, signature] = parts({ reportData })
      const der = Buffer.from(leaf()).toString('base64')
      const tls = issueCertificate({
        ...WINDOW,
        subject: CA_NAME,
        issuer: CA_NAME,
        serial: 3,
        subjectKey: TLS,
        issuerKey: TLS,
        algorithm: 'ecdsa-p256-sha256',
        extensions: [{ oid: RA_TLS_EXTENSION, value: bytes([text, signature, der].join('|')) }],
      })
      return check(verifyIasSync(tls, { at: AT }), 'ias.tls-key')
    }
    const padded = Buffer.alloc(64)
    padded.set(Buffer.from(spkiSha256(TLS), 'hex'))
    assert.equal(carried(point).outcome, 'pass')
    assert.equal(carried(padded).outcome, 'pass')
    assert.equal(carried(Buffer.alloc(64, 1)).outcome, 'unchecked')
  })

  const failing: Readonly<Record<string, readonly [Uint8Array, Partial<IasVerifyOptions>, string, Check['outcome']]>> =
    {
      'a list of another key': [archive(), { crl: list({ issuerKey: STRANGER }) }, 'ias.crl.genuine', 'fail'],
      'a revoked key of the service': [
        archive(),
        { crl: list({ revoked: [{ serial: 2 }] }) },
        'ias.crl.not-revoked',
        'fail',
      ],
      'a body alone': [bytes(body()), {}, 'ias.signature.present', 'unchecked'],
      'certificates that are none': [
        bytes([...parts().slice(0, 2), 'AAAA'].join('|')),
        {},
        'ias.chain.readable',
        'fail',
      ],
      'a root that is not pinned': [
        archive(),
        { trustAnchors: [{ ...ANCHOR, spkiSha256: '0'.repeat(64) }] },
        'ias.chain.root',
        'fail',
      ],
      "another chain than Intel's": [archive(), { trustAnchors: [IAS_ROOT] }, 'ias.chain.root', 'fail'],
      'an authority that signs': [archive({ certificates: [authority, authority] }), {}, 'ias.chain.path', 'fail'],
      'another issuer': [
        archive({ certificates: [leaf({ issuer: distinguishedName(['CN', 'x']) }), authority] }),
        {},
        'ias.chain.path',
        'fail',
      ],
      'a forged leaf': [
        archive({ certificates: [leaf({ issuerKey: STRANGER }), authority] }),
        {},
        'ias.chain.signature',
        'fail',
      ],
      'a leaf alone under a strange name': [
        archive({ certificates: [leaf({ issuerKey: STRANGER })] }),
        { trustAnchors: [IAS_ROOT] },
        'ias.chain.signature',
        'fail',
      ],
      'a leaf out of date': [
        archive({ certificates: [leaf({ notAfter: new Date('2020-01-01T00:00:00Z') }), authority] }),
        {},
        'ias.chain.dates',
        'fail',
      ],
      'a body written again': [bytes(parts().join('|').replace('"id":"1"', '"id": "1"')), {}, 'ias.signature', 'fail'],
      'a time before the report': [archive(), { at: new Date('2021-09-12T17:00:00Z') }, 'ias.time', 'fail'],
      'a quote that was refused': [archive({ status: 'KEY_REVOKED' }), {}, 'ias.quote', 'fail'],
      'a platform out of date': [archive({ status: 'GROUP_OUT_OF_DATE' }), {}, 'ias.tcb', 'fail'],
      'an anchor of a test': [archive(), { expect: {} }, 'ias.hardware', 'fail'],
      'a debug enclave': [archive({ debug: true }), {}, 'ias.debug', 'fail'],
      'another measurement': [
        archive(),
        { expect: { measurement: ['00'.repeat(32)] } },
        'ias.expect.measurement',
        'fail',
      ],
      'another signer': [archive(), { expect: { signer: ['00'.repeat(32)] } }, 'ias.expect.signer', 'fail'],
      'another product': [archive(), { expect: { isvProdId: 7 } }, 'ias.expect.product-id', 'fail'],
      'an old version': [archive(), { expect: { minSvn: 1 } }, 'ias.expect.svn', 'fail'],
      'a signer without a version': [
        archive(),
        { expect: { signer: ['b2'.repeat(32)] } },
        'ias.expect.svn',
        'unchecked',
      ],
      'other user data': [archive(), { expect: { reportData: '00' } }, 'ias.expect.report-data', 'fail'],
      'another nonce': [archive({ nonce: 'a' }), { expect: { nonce: 'b' } }, 'ias.expect.freshness', 'fail'],
      'no nonce': [archive(), { waive: [] }, 'ias.expect.freshness', 'unchecked'],
    }
  for (const [what, [evidence, change, id, outcome]] of Object.entries(failing)) {
    it(`${what}: ${id} ${outcome}`, () => {
      const verdict = verifyIasSync(evidence, { ...FULL, ...change })
      assert.notEqual(verdict.outcome, 'verified')
      const found = check(verdict, id)
      assert.equal(found.outcome, outcome, `${found.outcome}: ${found.reason}`)
      assert.ok(found.remedy?.action)
    })
  }

  it('every check but the binding of a certificate is among the ones shown failing', () => {
    const shown = new Set(Object.values(failing).map(([, , id]) => id))
    assert.deepEqual(
      iasCheckIds().filter((id) => !shown.has(id)),
      ['ias.tls-key'],
    )
  })

  it('a status counts advisory by advisory, and the bad ones never', () => {
    const judged = (status: string, advisories: readonly string[], accept: readonly string[]): string =>
      check(
        verifyIasSync(archive({ status, advisories }), {
          ...FULL,
          expect: {
            ...FULL.expect,
            acceptStatuses: ['GROUP_OUT_OF_DATE', 'SW_HARDENING_NEEDED'],
            ...(accept.length === 0 ? {} : { ...(accept.length === 0 ? {} : { acceptAdvisories: accept }) }),
          },
        }),
        'ias.tcb',
      ).outcome
    assert.equal(judged('SW_HARDENING_NEEDED', ['INTEL-SA-00334'], ['INTEL-SA-00334']), 'pass')
    assert.equal(judged('SW_HARDENING_NEEDED', ['INTEL-SA-00334', 'INTEL-SA-1'], ['INTEL-SA-00334']), 'fail')
    assert.equal(judged('CONFIGURATION_NEEDED', [], []), 'fail')
    const never = { ...FULL, expect: { acceptStatuses: ['KEY_REVOKED'] } }
    // @ts-expect-error the type does not have this status: the reader must refuse it as well
    assert.throws(() => verifyIasSync(archive(), never), TypeError)
  })

  const unreadable: Readonly<Record<string, Uint8Array>> = {
    'no bytes': new Uint8Array(),
    'another first byte': bytes('x'),
    'another version': archive({ version: 2 }),
    'another status': archive({ status: 'FINE' }),
    'no time': archive({ timestamp: '2021-02-30T00:00:00' }),
    'a member twice': bytes(`${body().slice(0, -1)},"version":4}|AAAA|AAAA`),
    'a quote of another size': bytes(body().replace(/"isvEnclaveQuoteBody":"[^"]*"/, '"isvEnclaveQuoteBody":"AAAA"')),
    'two parts': bytes(`${body()}|AAAA`),
    'a signature that is no base64': bytes(`${body()}|!|AAAA`),
    'a certificate without a report': leaf(),
    'too many bytes': new Uint8Array(200_000).fill(0x7b),
  }
  for (const [what, evidence] of Object.entries(unreadable))
    it(`refuses ${what}`, () => assert.throws(() => verifyIasSync(evidence, FULL), EvidenceError))
})

describe('a published IAS report', {
  skip: existsSync(join(VECTORS, 'tokens/ias-2021')) ? false : 'needs the vectors (SEKISHO_VECTORS)',
}, () => {
  const file = (name: string): string => readFileSync(join(VECTORS, 'tokens/ias-2021', name), 'utf8')
  const published = (): Uint8Array =>
    bytes([file('report.json'), file('signature.b64').trim(), file('signing-cert.pem')].join('|'))

  it('is proven with the signing certificate alone: the authority is pinned', () => {
    const verdict = verifyIasSync(published(), { at: AT })
    assert.equal(verdict.authenticity, 'proven', verdict.summary)
    assert.equal(verdict.anchors[0]?.id, 'intel-ias-root')
    assert.equal(check(verdict, 'ias.tcb').outcome, 'fail')
  })

  it('every changed byte and every cut is refused', () => {
    const whole = published()
    const judged = (evidence: Uint8Array): string => {
      try {
        return verifyIasSync(evidence, { at: AT }).authenticity
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
        return 'unreadable'
      }
    }
    const soft = parseIas(whole)
    const same = (evidence: Uint8Array): boolean => {
      // Letters of PEM and base64 may change without the bytes they stand for.
      const found = parseIas(evidence)
      const der = found.chain[0]?.der
      return (
        Buffer.from(found.body).equals(soft.body) &&
        Buffer.from(found.signature ?? []).equals(soft.signature ?? new Uint8Array()) &&
        der !== undefined &&
        Buffer.from(der).equals(soft.chain[0]?.der ?? new Uint8Array())
      )
    }
    for (let i = 0; i < whole.length; i++) {
      const bent = Uint8Array.from(whole)
      bent[i] = (bent[i] as number) ^ (1 << (i % 7))
      if (judged(bent) === 'proven') assert.ok(same(bent), `byte ${i}`)
      if (i < whole.length - 2 && judged(whole.subarray(0, i)) === 'proven')
        assert.ok(same(whole.subarray(0, i)), `cut at ${i}`)
    }
  })
})
