import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { makeSgx, makeSnp } from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { concatBytes } from '../src/core/bytes.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise, recogniseParts } from '../src/recognise/index.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const map = (members: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  cborMap(Object.entries(members).map(([name, value]) => [cborText(name), value]))

const QUOTE = makeSgx().evidence
const REPORT = makeSnp().evidence
const SIGNATURE = cborBytes(new Uint8Array(64))

function fault(input: Uint8Array): EvidenceError {
  try {
    recognise(input)
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return error
  }
  return assert.fail('this should not have been recognised')
}

describe('recognise: evidence in CBOR of its owner', () => {
  const quoted = map({ quote: cborBytes(QUOTE), nonce: cborBytes(new Uint8Array(32)) })
  const forms: Readonly<Record<string, readonly [Uint8Array, string]>> = {
    'a byte string': [cborBytes(QUOTE), 'CBOR byte string'],
    'a map': [quoted, 'CBOR: quote'],
    'a map in a map': [
      map({ quote: map({ pcs: map({ quote: cborBytes(QUOTE), tcb: cborBytes(QUOTE.slice(0, 9)) }) }) }),
      'CBOR: quote in other object in quote',
    ],
    'a map with numbers as keys': [cborMap([[cborInteger(266), map({ sgx: quoted })]]), 'CBOR: quote in other object'],
    'behind a tag that says CBOR': [cborTag(55799, quoted), 'CBOR: quote'],
    'a list whose first value is text': [cborArray([cborText('sgx'), cborBytes(QUOTE)]), 'CBOR: list'],
    'CBOR in a byte string': [map({ evidence: cborBytes(quoted) }), 'CBOR: quote in evidence'],
  }
  for (const [name, [bytes, wrapper]] of Object.entries(forms))
    it(name, () => {
      for (const input of [bytes, utf8(base64(bytes))]) {
        const found = recognise(input)
        assert.equal(hex(found.evidence), hex(QUOTE))
        assert.equal(found.wrappers.at(-1)?.name, wrapper)
      }
    })

  it('what travels beside it is kept, and a signature around it is named', () => {
    const payload = map({ report: cborBytes(REPORT), vcek: cborBytes(utf8('certificate')) })
    const signed = cborTag(
      18,
      cborArray([cborBytes(Uint8Array.of(0xa1, 1, 0x26)), cborMap([]), cborBytes(payload), SIGNATURE]),
    )
    const found = recognise(signed)
    assert.equal(found.tee, 'snp')
    assert.deepEqual(
      found.companions.map(({ kind, from, bytes }) => [kind, from, new TextDecoder().decode(bytes)]),
      [['certificates', 'vcek', 'certificate']],
    )
    assert.match(found.unused.join(), /the signature around the wrapper, which nobody has checked/)
  })

  it('a number and its digits are two keys, with a piece behind each', () => {
    const both = cborMap([
      [cborInteger(1), cborBytes(REPORT)],
      [cborText('1'), cborBytes(QUOTE)],
    ])
    assert.deepEqual(
      recogniseParts(both).map(({ label, recognised }) => [label, recognised.tee]),
      [
        ['1', 'snp'],
        ['1#2', 'sgx'],
      ],
    )
  })

  it('two pieces are two parts', () => {
    const both = map({ cpu: cborBytes(REPORT), other: cborBytes(QUOTE) })
    assert.match(fault(both).message, /2 pieces of evidence: "cpu", "other"/)
    assert.deepEqual(
      recogniseParts(both).map(({ label, recognised }) => [label, recognised.tee]),
      [
        ['cpu', 'snp'],
        ['other', 'sgx'],
      ],
    )
  })

  it('CBOR without evidence, cut short or with more behind it stays refused', () => {
    for (const bytes of [
      map({ x: cborBytes(new Uint8Array(200)) }),
      quoted.slice(0, -1),
      concatBytes(quoted, Uint8Array.of(0)),
    ])
      assert.match(fault(bytes).message, /bytes that begin like nothing known/)
    const twice = cborMap([
      [cborText('quote'), cborBytes(QUOTE)],
      [cborText('quote'), cborBytes(QUOTE)],
    ])
    assert.equal(fault(twice).code, 'unsupported-kind')
  })

  it('a signed payload with other names is no Nitro document', () => {
    const payload = map({ hello: cborText('x'.repeat(200)) })
    const signed = cborTag(
      18,
      cborArray([cborBytes(Uint8Array.of(0xa1, 1, 0x26)), cborMap([]), cborBytes(payload), SIGNATURE]),
    )
    assert.match(fault(signed).message, /COSE whose payload begins like no Nitro document/)
  })
})

describe('recognise: evidence in MessagePack', () => {
  const text = (value: string): Uint8Array => concatBytes(Uint8Array.of(0xa0 | value.length), utf8(value))
  const binary = (value: Uint8Array): Uint8Array =>
    concatBytes(Uint8Array.of(0xc5, value.length >> 8, value.length & 0xff), value)
  const numbers = (value: Uint8Array): Uint8Array =>
    concatBytes(
      Uint8Array.of(0xdc, value.length >> 8, value.length & 0xff),
      Uint8Array.from([...value].flatMap((byte) => (byte < 0x80 ? [byte] : [0xcc, byte]))),
    )
  const members = (...pairs: readonly (readonly [string, Uint8Array])[]): Uint8Array =>
    concatBytes(Uint8Array.of(0x80 | pairs.length), ...pairs.flatMap(([name, value]) => [text(name), value]))

  it('as bytes and as a list of numbers, with what lies beside it', () => {
    for (const write of [binary, numbers]) {
      const data = members(['quote', write(QUOTE)], ['event_log', Uint8Array.of(0x90)])
      const whole = members(
        ['version', Uint8Array.of(1)],
        ['platform', members(['kind', text('tdx')], ['data', data])],
        [
          'stack',
          members(
            ['ratio', Uint8Array.of(0xca, 0, 0, 0, 0)],
            ['big', Uint8Array.of(0xd3, 0, 0, 0, 0, 0, 0, 0, 1)],
            ['no', Uint8Array.of(0xc0)],
            ['yes', Uint8Array.of(0xc3)],
            ['ext', Uint8Array.of(0xd4, 1, 2)],
            ['less', Uint8Array.of(0xff)],
          ),
        ],
      )
      const found = recognise(whole)
      assert.equal(hex(found.evidence), hex(QUOTE))
      assert.equal(found.wrappers[0]?.name, 'MessagePack: quote in other object')
    }
  })

  it('cut short, with a name twice or with more behind it stays refused', () => {
    const whole = members(['quote', binary(QUOTE)])
    for (const bytes of [
      ...[whole.slice(0, -1), whole.slice(0, 150), concatBytes(whole, Uint8Array.of(0))],
      ...[
        members(['quote', binary(QUOTE)], ['quote', binary(QUOTE)]),
        members(['quote', Uint8Array.of(0xc1)], ['x', binary(QUOTE)]),
      ],
      members(['quote', concatBytes(Uint8Array.of(0xda, 0xff, 0xff), QUOTE)]),
      members(['name', concatBytes(Uint8Array.of(0xa2), Uint8Array.of(0xc3, 0x28))], ['quote', binary(QUOTE)]),
      concatBytes(...Array.from({ length: 200 }, () => Uint8Array.of(0x81, 0xa1, 0x61)), Uint8Array.of(0xc0)),
    ])
      assert.match(fault(bytes).message, /bytes that begin like nothing known/)
  })
})

describe('recognise: forms of services and products', () => {
  it("the request to Google's service: the quote with its log, the report with its certificates", () => {
    const log = utf8('log')
    const tdCcel = { ccelAcpiTable: base64(new Uint8Array(56)), ccelData: base64(log), tdQuote: base64(QUOTE) }
    const quote = recognise(json({ challenge: 'projects/p', tdCcel }))
    assert.deepEqual(
      quote.companions.map(({ kind, from, bytes }) => [kind, from, hex(bytes)]),
      [['event-log', 'ccelData', hex(log)]],
    )
    assert.match(quote.wrappers[0]?.name ?? '', /Google's attestation service/)
    const sevSnpAttestation = { report: base64(REPORT), auxBlob: base64(utf8('table')) }
    const report = recognise(json({ challenge: 'projects/p', sevSnpAttestation }))
    assert.deepEqual(
      report.companions.map(({ kind }) => kind),
      ['certificate-table'],
    )
  })

  it('a TD quote without an HCL report is none of an Azure VM', () => {
    assert.equal(recognise(json({ td_quote: base64(QUOTE) })).wrappers[0]?.name, 'JSON: TD quote')
  })

  it('a bundle: the packed report with the certificate beside it', () => {
    const enclaveAttestationReport = { format: 'https://example.com/guest/v2', body: base64(gzipSync(REPORT)) }
    const bundle = { domain: 'example.com', enclaveAttestationReport, vcek: base64(utf8('vcek')), enclaveCert: 'PEM' }
    const found = recognise(json(bundle))
    assert.equal(hex(found.evidence), hex(REPORT))
    assert.deepEqual(
      found.companions.map(({ kind, from }) => [kind, from]),
      [['certificates', 'vcek']],
    )
    assert.match(found.unused.join(), /whether the evidence names its key/)
  })

  it('packed evidence in a known form, however deep; in other members it is not unpacked', () => {
    const packed = base64(gzipSync(REPORT))
    const found = recognise(json({ format: 'v3', cpu: { platform: 'sev-snp', report: packed }, gpu: {} }))
    assert.equal(hex(found.evidence), hex(REPORT))
    assert.match(found.wrappers.map(({ name }) => name).join(), /report in other object,gzip/)
    assert.equal(fault(json({ blob: packed })).code, 'unsupported-kind')
  })

  it('information about an instance with the signer of its report', () => {
    const info = {
      ReportSigner: base64(utf8('vcek')),
      CertChain: base64(utf8('chain')),
      AttestationReport: base64(REPORT),
    }
    const found = recognise(json({ Attestation: null, InstanceInfo: base64(json(info)), UserData: '' }))
    assert.equal(found.tee, 'snp')
    assert.deepEqual(
      found.companions.map(({ kind, from }) => [kind, from]),
      [
        ['certificates', 'ReportSigner'],
        ['certificates', 'CertChain'],
      ],
    )
  })

  it('a list of several pieces, text beside text or objects', () => {
    for (const form of [
      [base64(REPORT), base64(QUOTE)],
      [{ report: base64(REPORT) }, { blob: hex(QUOTE) }],
    ])
      assert.deepEqual(
        recogniseParts(json(form)).map(({ recognised }) => recognised.tee),
        ['snp', 'sgx'],
      )
    const one = recognise(json([{ id: 1 }, { report: base64(REPORT) }]))
    assert.equal(one.wrappers[0]?.name, 'JSON: report in list')
    assert.match(one.unused.join(), /other values of the list/)
    assert.match(fault(json([1, 'x'])).message, /a list of 2 values/)
  })

  it('PEM under a label with other letters', () => {
    const pem = `-----BEGIN SEV_SNP Report-1-----\n${base64(REPORT)}\n-----END SEV_SNP Report-1-----\n`
    assert.equal(recognise(utf8(pem)).wrappers[0]?.name, 'PEM SEV_SNP Report-1')
    assert.equal(recognise(json({ anything: pem })).tee, 'snp')
    assert.deepEqual(recognise(utf8(pem)).unused, [])
    assert.deepEqual(recognise(utf8(`${pem}${pem}`)).unused, ['what lies behind the first block of PEM'])
  })
})
