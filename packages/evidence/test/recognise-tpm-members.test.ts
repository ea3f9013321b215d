import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { distinguishedName, generateKey, issueCertificate, keyUsage } from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise, recogniseParts } from '../src/recognise/index.ts'
import { ATTEST, encodeAttest, encodeSignature, parseTpmJson, TPM_GENERATED } from '../src/tpm/index.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const pem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${base64(bytes).replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`

function quoted(nonce: string): Uint8Array {
  return encodeAttest({
    magic: TPM_GENERATED,
    type: ATTEST.quote,
    qualifiedSigner: Uint8Array.of(0, 0x0b, ...new Uint8Array(32)),
    extraData: utf8(nonce),
    clockInfo: { clock: 1n, resetCount: 1, restartCount: 1, safe: true },
    firmwareVersion: 1n,
    attested: new Uint8Array(0),
    quote: { selections: [{ bank: 'sha256', pcrs: [7, 8], size: 3 }], pcrDigest: new Uint8Array(32) },
  })
}

const message = quoted('nonce')
const signature = encodeSignature({ scheme: 'rsassa', hash: 'sha256', numbers: [new Uint8Array(256).fill(9)] })
const pcrs = { '7': '07'.repeat(32), '8': '08'.repeat(32) }
const listed = Object.entries(pcrs).map(([index, value]) => ({ pcr_index: Number(index), pcr_value: value }))
const pcr7 = new Uint8Array(32).fill(7)
const pcr8 = new Uint8Array(32).fill(8)
const sized = (bytes: Uint8Array): Uint8Array => Uint8Array.of(0, bytes.length, ...bytes)
const ak = generateKey('P-256')
const ek = generateKey('P-256')
const certificate = issueCertificate({
  subject: distinguishedName(['CN', 'a key']),
  issuer: distinguishedName(['CN', 'a key']),
  serial: 1,
  notBefore: new Date('2020-01-01'),
  notAfter: new Date('2040-01-01'),
  subjectKey: ak,
  issuerKey: ak,
  algorithm: 'ecdsa-p256-sha256',
  extensions: [keyUsage('digitalSignature')],
})
const log = new Uint8Array(200)
log.set(utf8('Spec ID Event03'), 32)

/** As tpm2-tools write them. */
const blob = Buffer.alloc(132 + 4 + 532)
blob.writeUInt32LE(1, 0)
blob.set([0x0b, 0, 3, 0x80, 0x01], 4)
blob.writeUInt32LE(1, 132)
blob.writeUInt32LE(2, 136)
for (const [i, value] of Object.values(pcrs).entries()) {
  blob.writeUInt16LE(32, 140 + 66 * i)
  blob.write(value, 142 + 66 * i, 'hex')
}

describe('recognise: a quote of a TPM in an object of any project', () => {
  it('whatever its members are called, and however they are encoded', () => {
    const key = { akPublic: hex(ak.spki) }
    const chain = { certificates: [hex(certificate)] }
    const bank = { pcrs: { sha256: pcrs } }
    const forms: readonly (readonly [object, object])[] = [
      [{ tpms_attest: hex(message), tpms_signature: hex(signature) }, {}],
      [{ attest: `0x${hex(message)}`, sig: Buffer.from(signature).toString('base64url') }, {}],
      [
        { q: base64(message), s: base64(signature), quote_key: base64(ak.spki), pcrs },
        { ...key, ...bank },
      ],
      [{ q: base64(message), s: base64(signature), quote_key: pem('PUBLIC KEY', ak.spki) }, key],
      [{ q: base64(message), s: base64(signature), certs: [base64(certificate)] }, chain],
      [{ q: base64(message), s: base64(signature), chain: pem('CERTIFICATE', certificate) }, chain],
      [{ q: base64(message), s: base64(signature), log: base64(log) }, { eventLog: hex(log) }],
      [{ q: base64(message), s: base64(signature), ek_pub: hex(ek.spki), ak_pub: hex(ak.spki) }, key],
      [{ q: base64(message), s: base64(signature), ek_pub: hex(ek.spki) }, {}],
      [{ q: [...message], s: [...signature], ak_pub: [...ak.spki] }, key],
      [{ q: base64(sized(message)), s: base64(signature) }, {}],
      [{ q: base64(Uint8Array.of(...message, ...signature)) }, {}],
      [{ q: hex(Uint8Array.of(...sized(message), ...signature)) }, {}],
      [{ q: base64(message), sig: base64(signature.subarray(6)) }, {}],
      [{ q: base64(message), s: base64(signature), ak_cert: base64(utf8(pem('CERTIFICATE', certificate))) }, chain],
      [{ q: base64(message), s: base64(signature), attestation_key: base64(ak.spki.subarray(-64)) }, key],
      ...[
        { '7': base64(pcr7), '8': base64(pcr8) },
        { PCR7: `0x${hex(pcr7)}`, pcr08: hex(pcr8).toUpperCase() },
        [hex(pcr7), hex(pcr8)],
        `${hex(pcr7)}${hex(pcr8)}`,
        { SHA256: { '7': [...pcr7], '8': [...pcr8] } },
        { hash: 11, pcrs: { '7': base64(pcr7), '8': base64(pcr8) } },
        [7, 8].map((index) => ({ Index: index, Digest: base64(index === 7 ? pcr7 : pcr8) })),
      ].map((values) => [{ q: base64(message), s: base64(signature), pcr_values: values }, bank] as const),
      [
        {
          quotes: [{ hash_algorithm: 11, tpms_attest: base64(message), tpmt_signature: base64(signature) }],
          endorsement: { ak: { cert: base64(certificate) } },
          boot_log: base64(log),
        },
        { ...chain, eventLog: hex(log) },
      ],
      [{ q: base64(message), s: base64(signature), values: base64(new Uint8Array(blob)) }, bank],
      [
        {
          kind: 'boot',
          evidence: {
            ak_cert: pem('CERTIFICATE', certificate),
            quote: { quote_data: base64(message), signature: base64(signature) },
            pcrs: { hash_alg: 'sha256', pcr_values: listed },
          },
        },
        { ...chain, ...bank },
      ],
      [
        {
          data: {
            attributes: {
              collected: [{ type: 'q', data: { values: base64(blob), m: base64(message), s: base64(signature) } }],
            },
          },
        },
        bank,
      ],
    ]
    for (const [form, expected] of forms) {
      const found = recognise(json(form))
      assert.equal(found.tee, 'tpm', JSON.stringify(form))
      const { message: quote, signature: signed, certificates = [], ...rest } = parseTpmJson(found.evidence)
      assert.deepEqual([hex(quote), hex(signed)], [hex(message), hex(signature)])
      const { akPublic, eventLog, pcrs: values } = rest
      const got = {
        ...(akPublic === undefined ? {} : { akPublic: hex(akPublic) }),
        ...(eventLog === undefined ? {} : { eventLog: hex(eventLog) }),
        ...(values === undefined ? {} : { pcrs: values }),
        ...(certificates.length === 0 ? {} : { certificates: certificates.map(hex) }),
      }
      assert.deepEqual(got, expected, JSON.stringify(form))
    }
  })

  it('names what it does not take', () => {
    const form = { q: base64(message), s: base64(signature), ek_pub: hex(ek.spki), host: 'x' }
    assert.deepEqual(recognise(json(form)).unused, ['what lies around it: "ek_pub", "host"'])
  })

  it('a bare ECDSA signature as two numbers, or in DER, counts as one where its name says so', () => {
    const numbers = [new Uint8Array(32).fill(0x80), new Uint8Array(32).fill(0x7f)] as const
    const expected = hex(encodeSignature({ scheme: 'ecdsa', hash: 'sha256', numbers }))
    const der = Uint8Array.of(0x30, 69, 2, 33, 0, ...numbers[0], 2, 32, ...numbers[1])
    for (const bare of [Uint8Array.of(...numbers[0], ...numbers[1]), der]) {
      const found = recognise(json({ quote: base64(message), quote_signature: base64(bare) }))
      assert.equal(hex(parseTpmJson(found.evidence).signature), expected)
      assert.throws(() => recognise(json({ quote: base64(message), other: base64(bare) })), EvidenceError)
    }
    const damaged = Uint8Array.of(...der.subarray(0, -1))
    assert.throws(() => recognise(json({ quote: base64(message), signature: base64(damaged) })), EvidenceError)
  })

  it('a chain in several members is put into order, and the key whose certificate is not asked for is left out', () => {
    const [root, ca] = [generateKey('P-256'), generateKey('P-256')]
    const issued = (subject: string, issuer: string, subjectKey = ca, issuerKey = root): Uint8Array =>
      issueCertificate({
        subject: distinguishedName(['CN', subject]),
        issuer: distinguishedName(['CN', issuer]),
        serial: 1,
        notBefore: new Date('2020-01-01'),
        notAfter: new Date('2040-01-01'),
        subjectKey,
        issuerKey,
        algorithm: 'ecdsa-p256-sha256',
        extensions: [keyUsage('digitalSignature')],
      })
    const [top, middle, leaf] = [issued('r', 'r', root), issued('m', 'r'), issued('l', 'm', ak, ca)]
    const certs = { ca: base64(top), leaf: pem('CERTIFICATE', leaf), intermediates: [base64(middle)] }
    const form = { q: base64(message), s: base64(signature), certs, ek_cert: base64(issued('e', 'm', ek, ca)) }
    const found = recognise(json(form))
    const { certificates = [] } = parseTpmJson(found.evidence)
    assert.deepEqual(certificates.map(hex), [leaf, middle, top].map(hex))
    assert.deepEqual(found.unused, ['what lies around it: "ek_cert"'])
  })

  it('values that do not cover the quote are not taken for its PCRs', () => {
    for (const values of [
      { '7': hex(pcr7) },
      [hex(pcr7)],
      { '7': hex(pcr7), '8': 'x' },
      { '7': hex(pcr7), '08': 1 },
      `${hex(pcr7)}${hex(pcr8)}`,
    ]) {
      const found = recognise(json({ q: base64(message), s: base64(signature), values }))
      assert.equal(parseTpmJson(found.evidence).pcrs, undefined, JSON.stringify(values))
    }
  })

  it('of one quote for each bank the SHA-256 one is taken, and the others are named', () => {
    const other = new Uint8Array(message)
    // The algorithm of the selection.
    other[other.length - 34 - 5] = 0x04
    const quotes = [other, message].map((one) => ({ quote: base64(one), sig: base64(signature) }))
    const found = recognise(json({ quotes, key: hex(ak.spki), nonce: 'x' }))
    assert.equal(hex(parseTpmJson(found.evidence).message), hex(message))
    assert.deepEqual(found.unused, ['the quotes of other banks: sha1', 'what lies around it: "nonce"'])
  })

  it('other evidence beside it is a piece of its own', () => {
    const report = new Uint8Array(1184)
    report.set([3, 0, 0, 0])
    report[0x34] = 1
    const quote = { q: base64(message), s: base64(signature) }
    for (const form of [
      { ...quote, attestation_report: base64(report) },
      { quote, snp: { report: base64(report) } },
    ]) {
      const parts = recogniseParts(json(form)).map(({ recognised }) => recognised.tee)
      assert.deepEqual(parts, ['tpm', 'snp'])
    }
  })

  it('and what is neither is named, beside the quote', () => {
    const report = new Uint8Array(1184)
    report.set([3, 0, 0, 0])
    report[0x34] = 1
    const form = { q: base64(message), s: base64(signature), x: base64(report), token: `eyJ${'a'.repeat(80)}.x` }
    assert.deepEqual(
      recogniseParts(json(form)).map(({ recognised: { tee, unused } }) => [tee, unused]),
      [
        ['tpm', ['what lies around it: "token"']],
        ['snp', []],
      ],
    )
  })

  it('takes no quote without its signature, and does not choose between two', () => {
    for (const form of [
      { q: base64(message), s: base64(new Uint8Array(256).fill(9)) },
      { q: base64(message), s: base64(signature), t: hex(signature) },
      { q: base64(message), r: base64(quoted('other')), s: base64(signature) },
      { q: base64(Uint8Array.of(...message, 0)), s: base64(signature) },
    ])
      assert.throws(() => recognise(json(form)), EvidenceError, JSON.stringify(form))
    const two = [message, quoted('other')].map((one) => ({ q: base64(one), s: base64(signature) }))
    assert.deepEqual(
      recogniseParts(json({ a: two[0], b: two[1] })).map(({ recognised }) => recognised.tee),
      ['tpm', 'tpm'],
    )
  })
})
