import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { distinguishedName, issueCertificate, makeSgx, makeSnp, namedKey, toPem } from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { dcapCollateralOf, recognise } from '../src/recognise/index.ts'
import { makeDocument } from './nitro-kit.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const MADE = makeSgx()
const QUOTE = MADE.evidence

/** A vector of SCALE whose length takes four bytes. */
function vector(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length * 4 + 2)
  return new Uint8Array(Buffer.concat([length, bytes]))
}

function fault(input: Uint8Array): EvidenceError {
  try {
    recognise(input)
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return error
  }
  return assert.fail('this should not have been recognised')
}

describe('recognise: certificates of attested TLS', () => {
  const key = namedKey('attested tls', 'P-256')
  const name = distinguishedName(['CN', 'attested'])
  const certificate = (
    ...extensions: readonly { readonly oid: string; readonly value: Uint8Array; readonly critical?: boolean }[]
  ): Uint8Array =>
    issueCertificate({
      subject: name,
      issuer: name,
      subjectKey: key,
      issuerKey: key,
      algorithm: 'ecdsa-p256-sha256',
      serial: 1,
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      extensions,
    })
  const octets = (bytes: Uint8Array): Uint8Array =>
    new Uint8Array(Buffer.concat([Buffer.of(0x04, 0x82, bytes.length >> 8, bytes.length & 0xff), bytes]))
  const header = Buffer.alloc(16)
  header.writeUInt32LE(1, 0)
  header.writeUInt32LE(2, 4)
  header.writeUInt32LE(QUOTE.length, 8)
  const claims = cborMap([[cborText('pubkey-hash'), cborBytes(Uint8Array.of(1))]])
  const values: Readonly<Record<string, Uint8Array>> = {
    '2.23.133.5.4.9': cborTag(60000, cborArray([cborBytes(QUOTE), cborBytes(claims)])),
    '0.6.9.42.840.113741.1337.6': QUOTE,
    '1.2.840.113741.1337.6': QUOTE,
    '1.2.840.113556.10.1.1': new Uint8Array(Buffer.concat([header, QUOTE])),
    '1.3.6.1.4.1.311.105.1': new Uint8Array(Buffer.concat([header, QUOTE])),
    '1.2.840.113741.1': QUOTE,
    '1.3.6.1.4.1.62397.1.1': octets(QUOTE),
    '1.3.6.1.4.1.62397.1.8': octets(new Uint8Array(Buffer.concat([Buffer.of(0, 0), vector(QUOTE), Buffer.alloc(9)]))),
    '1.2.840.113741.1.13.1.0': QUOTE,
    '1.2.840.113741.1.5.5.1.6': QUOTE,
    '1.3.6.1.4.1.65230.4.1': QUOTE,
    '1.3.9901.2.1': utf8(Buffer.from(QUOTE).toString('base64')),
    '1.3.9901.2.2': QUOTE,
    '1.3.9900.4.1': json({ InstanceInfo: Buffer.from(json({ RawQuote: [...QUOTE] })).toString('base64') }),
    '1.3.9900.5.99': json({ RawQuote: Buffer.from(QUOTE).toString('base64'), UserData: 'AA==' }),
  }
  for (const [oid, value] of Object.entries(values))
    it(oid, () => {
      const der = certificate({ oid, value })
      for (const input of [
        der,
        utf8(toPem(der)),
        utf8(`${toPem(der)}${toPem(certificate())}`),
        json({ cert: toPem(der) }),
      ]) {
        const found = recognise(input)
        assert.equal(hex(found.evidence), hex(QUOTE))
        assert.match(found.unused.join(), /whether the evidence names its key/)
      }
    })

  it('evidence in an extension that nobody knows, bare, in a string of its own, or in JSON', () => {
    const report = makeSnp().evidence
    const document = makeDocument()
    const forms: readonly (readonly [Uint8Array, Uint8Array])[] = [
      [QUOTE, QUOTE],
      [octets(QUOTE), QUOTE],
      [report, report],
      [document, document],
      [json({ platform: 'snp', report: Buffer.from(report).toString('base64') }), report],
    ]
    for (const [value, evidence] of forms)
      for (const input of [
        certificate({ oid: '1.3.6.1.4.1.58270.1.1', value }),
        certificate({ oid: '1.2.3.4', value }),
      ])
        for (const form of [input, utf8(toPem(input)), json({ cert: toPem(input) })]) {
          const found = recognise(form)
          assert.equal(hex(found.evidence), hex(evidence))
          assert.match(found.unused.join(), /whether the evidence names its key/)
        }
    // The bare quote where the common format has a tag.
    assert.equal(hex(recognise(certificate({ oid: '2.23.133.5.4.9', value: QUOTE })).evidence), hex(QUOTE))
  })

  it('of two pieces in extensions that nobody knows none is taken, nor what is too short or something else', () => {
    const two = certificate({ oid: '1.2.3.4', value: QUOTE }, { oid: '1.2.3.5', value: makeSnp().evidence })
    const cut = certificate({ oid: '1.2.3.4', value: QUOTE.subarray(0, 900) })
    const other = certificate({ oid: '1.2.3.4', value: new Uint8Array(1184) })
    for (const der of [two, cut, other]) {
      assert.match(fault(utf8(toPem(der))).message, /a CERTIFICATE: that is collateral/)
      assert.equal(fault(der).code, 'unsupported-kind')
    }
    assert.match(
      fault(certificate({ oid: '1.2.3.4', value: json({ x: 'y'.repeat(500) }) })).message,
      /an object with "x"/,
    )
  })

  it('the claims of the common format and the log of dstack come along', () => {
    const tagged = recognise(
      certificate({ oid: '2.23.133.5.4.9', value: values['2.23.133.5.4.9'] ?? QUOTE, critical: true }),
    )
    assert.deepEqual(
      tagged.companions.map(({ kind, bytes }) => [kind, hex(bytes)]),
      [['runtime-data', hex(claims)]],
    )
    const log = octets(utf8(`[{"imr":0}]${' '.repeat(20_000)}`))
    const long = certificate(
      { oid: '1.3.6.1.4.1.62397.1.1', value: octets(QUOTE) },
      { oid: '1.3.6.1.4.1.62397.1.2', value: log },
    )
    assert.ok(long.length > 20_000)
    assert.deepEqual(
      recognise(long).companions.map(({ kind, bytes }) => [kind, hex(bytes)]),
      [['event-log', hex(log.subarray(4))]],
    )
  })

  it('the endorsements of the common format come along, and are missing in another form', () => {
    const { pck_certificate_chain: _, ...given } = Object.fromEntries(
      Object.entries(MADE.collateral).flatMap(([one, value]) => (typeof value === 'string' ? [[one, value]] : [])),
    )
    const answer = (member: string, text: string, signature: string): Uint8Array =>
      utf8(`{"${member}":${given[text]},"signature":"${given[signature]}"}\0`)
    const crl = (one: string): Uint8Array => new Uint8Array(Buffer.from(`${given[one]}00`, 'hex'))
    const chain = (one: string): Uint8Array => utf8(`${given[one]}\0`)
    const parts = [
      ...[answer('tcbInfo', 'tcb_info', 'tcb_info_signature'), chain('tcb_info_issuer_chain'), crl('pck_crl')],
      ...[crl('root_ca_crl'), chain('pck_crl_issuer_chain')],
      ...[answer('enclaveIdentity', 'qe_identity', 'qe_identity_signature'), chain('qe_identity_issuer_chain')],
    ].map(cborBytes)
    const oid = '2.23.133.5.4.9'
    const evidence = { oid, value: values[oid] ?? QUOTE }
    const made = (value: Uint8Array): Uint8Array => certificate(evidence, { oid: '2.23.133.5.4.2', value })
    const found = recognise(made(cborTag(60000, cborArray([cborBytes(Uint8Array.of(1)), ...parts]))))
    const [, endorsements] = found.companions
    assert.equal(endorsements?.kind, 'endorsements')
    const collateral = dcapCollateralOf(JSON.parse(new TextDecoder().decode(endorsements?.bytes)))
    assert.deepEqual(collateral, given)
    const short = cborTag(60000, cborArray([cborBytes(Uint8Array.of(1)), ...parts.slice(1)]))
    const text = cborTag(60000, cborArray([cborBytes(Uint8Array.of(1)), ...parts.slice(1), cborText('x')]))
    for (const value of [short, text, Uint8Array.of(0xa0), Uint8Array.of(0x9f)])
      assert.deepEqual(
        recognise(made(value)).companions.map(({ kind }) => kind),
        ['runtime-data'],
      )
  })

  it('a Nitro document as the first label of a name, beside other names', () => {
    const document = makeDocument()
    const lengthOf = (length: number): readonly number[] =>
      length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
    const element = (tag: number, content: Uint8Array): Uint8Array =>
      new Uint8Array(Buffer.concat([Buffer.of(tag, ...lengthOf(content.length)), content]))
    const names = (...list: readonly string[]): Uint8Array => {
      const address = element(0x87, Uint8Array.of(127, 0, 0, 1))
      const all = Buffer.concat([address, ...list.map((one) => element(DNS, utf8(one)))])
      return certificate({ oid: SUBJECT_ALT_NAME, value: element(0x30, new Uint8Array(all)) })
    }
    const [DNS, SUBJECT_ALT_NAME] = [0x82, '2.5.29.17']
    for (const made of [document, makeDocument({ tagged: true })]) {
      const der = names('a.example', `${hex(made)}.a.example`)
      for (const input of [der, utf8(toPem(der)), json({ cert: toPem(der) })]) {
        const found = recognise(input)
        assert.equal(hex(found.evidence), hex(made))
        assert.match(found.unused.join(), /whether the evidence names its key/)
      }
    }
    for (const other of [`${hex(QUOTE)}.a.example`, `a.${hex(document)}.example`, 'a.example', '8444a1013822zz.a'])
      assert.match(fault(names(other)).message, /collateral, not evidence/)
    const broken = certificate({ oid: SUBJECT_ALT_NAME, value: Uint8Array.of(0x30, 0x05, 0x82, 0x09, 1, 2, 3) })
    assert.throws(() => recognise(broken), EvidenceError)
  })

  it('refuses an extension that is there twice, or holds something else, and passes certificates by', () => {
    const oid = '1.2.840.113741.1337.6'
    assert.match(fault(certificate({ oid, value: QUOTE }, { oid, value: QUOTE })).message, /the extension twice/)
    assert.match(fault(certificate({ oid: '2.23.133.5.4.9', value: QUOTE.subarray(1) })).message, /extension/)
    assert.match(fault(certificate()).message, /collateral, not evidence/)
    const whole = certificate({ oid, value: QUOTE })
    assert.throws(() => recognise(whole.subarray(0, 900)), EvidenceError)
  })
})
