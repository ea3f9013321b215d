import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { distinguishedName, issueCertificate, rawPoint, spkiSha256 } from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import type { Check } from '../src/core/verdict.ts'
import {
  IAS_ROOT,
  IAS_STATUSES,
  type IasVerifyOptions,
  iasCheckIds,
  parseIas,
  RA_TLS_EXTENSION,
  verifyIas,
  verifyIasSync,
} from '../src/ias/index.ts'
import { recognise } from '../src/recognise/index.ts'
import {
  ANCHOR,
  AT,
  archive,
  authority,
  body,
  bytes,
  CA_NAME,
  check,
  FULL,
  leaf,
  list,
  parts,
  pem,
  STRANGER,
  TLS,
  WINDOW,
} from './ias-kit.ts'

describe('archived IAS reports', () => {
  it('verifies once everything is expected, the same in both doors', async () => {
    const verdict = verifyIasSync(archive(), FULL)
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.deepEqual(await verifyIas(archive(), FULL), verdict)
    assert.equal(verdict.claims.launchMeasurement, 'a1'.repeat(32))
    assert.equal(verdict.emulated, true)
    assert.equal(verifyIasSync(archive(), { at: AT, trustAnchors: [ANCHOR] }).outcome, 'rejected')
  })

  it('says that clocks may differ where a report is judged a little before its time', () => {
    const early = verifyIasSync(archive(), { ...FULL, at: new Date('2021-09-12T18:02:00Z') })
    const { outcome, reason, expected } = check(early, 'ias.time')
    assert.deepEqual([outcome, expected], ['pass', 'from 2021-09-12T18:01:20Z'])
    assert.match(reason, /of later, but within the 5 minutes/)
    const late = check(verifyIasSync(archive(), { ...FULL, at: new Date('2021-09-12T18:07:00Z') }), 'ias.time')
    assert.equal(late.reason, 'the report was made before the time it is judged at')
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
      'no certificates': [
        bytes(JSON.stringify({ report: parts()[0], signature: parts()[1] })),
        {},
        'ias.chain.readable',
        'unchecked',
      ],
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
    assert.deepEqual(
      iasCheckIds('waivable'),
      iasCheckIds().filter((id) => /^ias\.(tls-key|expect\..*)$/.test(id)),
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

  it('a status that nobody can accept comes with no advice to accept it', () => {
    for (const status of IAS_STATUSES.slice(5)) {
      const tcb = check(verifyIasSync(archive({ status }), FULL), 'ias.tcb')
      assert.equal(tcb.outcome, 'fail', status)
      assert.doesNotMatch(tcb.remedy?.action ?? '', /acceptStatuses/, status)
    }
  })

  it('a report that lists no advisories does not count as one whose advisories are accepted', () => {
    const expect = { ...FULL.expect, acceptStatuses: ['GROUP_OUT_OF_DATE'] as const }
    const listing = (advisories?: readonly string[]): string =>
      check(
        verifyIasSync(
          archive({ status: 'GROUP_OUT_OF_DATE', version: 3, ...(advisories === undefined ? {} : { advisories }) }),
          { ...FULL, expect: { ...expect, acceptAdvisories: ['INTEL-SA-1'] } },
        ),
        'ias.tcb',
      ).reason
    assert.equal(listing(), 'you accept the status; the report lists no advisories')
    assert.equal(listing(['INTEL-SA-1']), 'you accept the status and every advisory')
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
