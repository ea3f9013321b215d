import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { EvidenceError } from '../src/index.ts'
import { MAX_INPUT, type Recognised, recognise } from '../src/recognise/index.ts'

const VECTORS =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const utf8 = new TextEncoder()

/** The first fields of a report, the rest zeros: recognition reads no more. */
function report(): Uint8Array {
  const bytes = new Uint8Array(1184)
  bytes[0] = 3
  bytes[0x0a] = 0x03
  bytes[0x34] = 1
  bytes.fill(0xab, 0x50, 0x90)
  return bytes
}

function quote(tee: 'sgx' | 'tdx', length = 1000): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes.set([tee === 'tdx' ? 4 : 3, 0, 2, 0, tee === 'tdx' ? 0x81 : 0])
  bytes.set(Buffer.from('939a7233f79c4ca9940a0db3957f0607', 'hex'), 12)
  return bytes
}

function text(value: string): Uint8Array {
  return utf8.encode(value)
}

function json(value: unknown): Uint8Array {
  return text(JSON.stringify(value))
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function found(input: Uint8Array, tee: Recognised['tee'], evidence: Uint8Array): Recognised {
  const recognised = recognise(input)
  assert.equal(recognised.tee, tee)
  assert.equal(hex(recognised.evidence), hex(evidence))
  return recognised
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

describe('recognise: text around evidence', () => {
  const q = quote('tdx')
  const forms: Readonly<Record<string, string>> = {
    'hexadecimal in capitals, with 0x': `0x${hex(q).toUpperCase()}`,
    'hexadecimal in lines': `${hex(q).replace(/(.{64})/g, '$1\r\n')}\n`,
    'hexadecimal with colons': hex(q).replace(/..(?=.)/g, '$&:'),
    'hexadecimal as a C array': (hex(q).match(/../g) ?? []).map((byte) => `0x${byte}`).join(', '),
    'hexadecimal whose bytes below 16 are one digit': Array.from(q, (byte) => `0x${byte.toString(16)}`).join(', '),
    'the same in lines and brackets': `[\n${Array.from(q, (byte) => `    0x${byte.toString(16)},\n`).join('')}]`,
    base64: base64(q),
    'base64 in lines': base64(q).replace(/(.{76})/g, '$1\n'),
    'base64url without padding': Buffer.from(q).toString('base64url'),
    PEM: `-----BEGIN TDX QUOTE-----\n${base64(q).replace(/(.{64})/g, '$1\n')}\n-----END TDX QUOTE-----\n`,
    'a JSON string': JSON.stringify(base64(q)),
    'a byte order mark and hexadecimal': `\ufeff${hex(q)}`,
    'base64 of hexadecimal': base64(text(hex(q))),
  }
  for (const [name, form] of Object.entries(forms)) it(name, () => void found(text(form), 'tdx', q))

  it('copies the evidence', () => {
    const input = quote('sgx')
    const { evidence } = recognise(input)
    input.fill(0)
    assert.equal(evidence[0], 3)
  })
})

describe('recognise: JSON envelopes', () => {
  const td = quote('tdx')
  const snp = report()

  it('KBS evidence of a TD, with its event log', () => {
    const { companions } = found(json({ quote: base64(td), cc_eventlog: base64(text('log')) }), 'tdx', td)
    assert.deepEqual(
      companions.map((one) => [one.kind, hex(one.bytes)]),
      [['event-log', hex(text('log'))]],
    )
  })

  it('a KBS attestation around KBS evidence', () => {
    const body = {
      'init-data': null,
      'runtime-data': { nonce: 'bm9uY2U=', 'tee-pubkey': {} },
      'tee-evidence': { primary_evidence: { quote: base64(td) }, additional_evidence: '' },
    }
    const { companions } = found(json(body), 'tdx', td)
    assert.deepEqual(
      companions.map((one) => one.kind),
      ['runtime-data'],
    )
  })

  it('a request to an attestation service, its evidence in base64url', () => {
    const evidence = Buffer.from(json({ quote: base64(td), cc_eventlog: null })).toString('base64url')
    found(json({ verification_requests: [{ tee: 'tdx', evidence }], policy_ids: [] }), 'tdx', td)
  })

  it('configfs-tsm entry', () => {
    const { companions } = found(
      json({ provider: 'sev_guest', outblob: base64(snp), auxblob: base64(text('table')) }),
      'snp',
      snp,
    )
    assert.deepEqual(
      companions.map((one) => one.kind),
      ['certificate-table'],
    )
  })

  it('az-tdx-vtpm: says that the vTPM quote is not looked at', () => {
    const { unused } = found(
      json({ version: 1, tpm_quote: { message: '00' }, hcl_report: 'AAAA', td_quote: base64(td) }),
      'tdx',
      td,
    )
    assert.match(unused.join(), /vTPM/)
  })

  it('az-snp-vtpm with a quote that is none: the HCL report', () => {
    const hcl = new Uint8Array(1300)
    hcl.set(text('HCLA'))
    hcl.set(snp, 32)
    hcl[1224] = 2
    hcl[1232] = 2
    hcl.set(text('{}'), 1236)
    const { companions, wrappers } = found(
      json({ version: 1, hcl_report: base64(hcl), tpm_quote: {}, vcek: 'MAA' }),
      'azure-vtpm',
      hcl,
    )
    assert.deepEqual(
      companions.map((one) => one.kind),
      ['certificates'],
    )
    assert.equal(wrappers.length, 1)
  })

  it('dstack quote report', () => {
    const { companions } = found(
      json({ quote: hex(td), event_log: '[{"imr":0}]', report_data: '00', vm_config: '{}' }),
      'tdx',
      td,
    )
    assert.deepEqual(
      companions.map((one) => one.kind),
      ['event-log', 'report-data'],
    )
  })

  it('an event log without events, as a list or as the text of one, is none', () => {
    for (const log of [[], '[]'])
      assert.deepEqual(found(json({ quote: hex(td), event_log: log }), 'tdx', td).companions, [])
  })

  it('names the members of an object that is no form of evidence', () => {
    const error = fault(json({ hello: 1 }))
    assert.equal(error.code, 'unsupported-kind')
    assert.match(error.message, /"hello"/)
  })
})

describe('recognise: binary wrappers', () => {
  it('MSG_REPORT_RSP', () => {
    const response = new Uint8Array(4000)
    new DataView(response.buffer).setUint32(4, 1184, true)
    response.set(report(), 32)
    found(response, 'snp', report())
  })

  it('MSG_REPORT_RSP with a status has no report', () => {
    const response = new Uint8Array(4000)
    new DataView(response.buffer).setUint32(0, 0x16, true)
    new DataView(response.buffer).setUint32(4, 1184, true)
    assert.match(fault(response).message, /status 22/)
  })

  it('a report with its certificate table behind it', () => {
    const table = Buffer.concat([Buffer.from('63da758de6644564adc5f4b93be8accd', 'hex'), Buffer.alloc(32)])
    const { companions } = found(new Uint8Array(Buffer.concat([report(), table])), 'snp', report())
    assert.deepEqual(
      companions.map((one) => one.kind),
      ['certificate-table'],
    )
  })

  it('Open Enclave headers, with custom claims behind the quote', () => {
    const q = quote('sgx', 48 + 384 + 4 + 10)
    new DataView(q.buffer).setUint32(432, 10, true)
    const header = Buffer.alloc(28)
    header.writeUInt32LE(1, 0)
    header.writeUInt32LE(q.length + 3, 20)
    const { companions } = found(new Uint8Array(Buffer.concat([header, q, Buffer.from('abc')])), 'sgx', q)
    assert.equal(companions.length, 1)
  })
})

/** A report in hexadecimal whose digit at 100 is `other`. */
function mistyped(other: string): Uint8Array {
  const digits = Buffer.from(report()).toString('hex')
  return text(`${digits.slice(0, 100)}${other}${digits.slice(101)}`)
}

describe('recognise: what cannot be read', () => {
  const cases: readonly (readonly [name: string, input: Uint8Array, offset: number, expected: RegExp])[] = [
    ['nothing', new Uint8Array(0), 0, /nothing/],
    ['a character in hexadecimal', text('0400020081g00'), 10, /base64|hexadecimal/],
    ['a character in base64', text('BAACAIEAA!AA'), 9, /base64/],
    ['odd hexadecimal', text('040002008'), 9, /odd number/],
    [
      'one wrong letter in long hexadecimal, all of which is base64 too',
      mistyped('g'),
      100,
      /"g".*a hexadecimal digit/,
    ],
    ['one digit missing in long hexadecimal', mistyped(''), 2367, /odd number/],
    ['JSON that ends early', text('{"quote": "AAAA"'), 16, /`,` or `}`/],
    ['JSON with a fault behind two-byte characters', text('{"é": tru}'), 7, /a JSON value/],
    ['PEM without its end', text('-----BEGIN QUOTE-----\nAAAA\n'), 27, /END QUOTE/],
    [
      'a certificate',
      text('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      0,
      /collateral, not evidence/,
    ],
    [
      'a revocation list',
      text('-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n'),
      0,
      /: an X509 CRL: that is/,
    ],
    ['a TDREPORT', Uint8Array.of(0x81, ...new Uint8Array(1023)), 0, /TDREPORT/],
    ['a token in two parts', text('eyJhbGciOiJFUzI1NiJ9.e30'), 0, /token in 2 parts.*three parts/],
    ['a token with more behind it', text('\neyJhbGciOiJFUzI1NiJ9.e30.AA.x'), 0, /token in 4 parts/],
    ['a token with padding', text(' eyJhbGciOiJFUzI1NiJ9.e30=.AA'), 25, /"=".*without padding/],
    ['a token over two lines', text('eyJhbGciOiJFUzI1NiJ9.e30\n.AA'), 24, /U\+000A.*white space/],
    ['an encrypted token', text('eyJhbGciOiJkaXIifQ..AA.AA.AA'), 0, /JWE.*addressee/],
    ['gzip that is cut short', Uint8Array.of(0x1f, 0x8b, 8, 0), 2, /gzip.*deflate/],
  ]
  for (const [name, input, offset, expected] of cases) {
    it(`${name}: says at which byte what was expected`, () => {
      const error = fault(input)
      assert.equal(error.offset, offset)
      assert.match(error.message, expected)
    })
  }

  it('a token is one', () => {
    const found = recognise(text('eyJhbGciOiJFUzI1NiJ9.eyJhIjoxfQ.c2ln\n'))
    assert.equal(found.tee, 'token')
    assert.equal(found.form, 'JSON Web Token')
  })

  it('a quote of a TPM without its signature: what belongs to it is named', () => {
    const error = fault(Uint8Array.of(0xff, 0x54, 0x43, 0x47, 0x80, 0x18, ...new Uint8Array(109)))
    assert.equal(error.code, 'unsupported-kind')
    assert.match(error.message, /TPM's quote without signature.*akPublic/)
  })
  it('a fifth wrapper', () => {
    let wrapped = base64(quote('tdx'))
    for (let i = 0; i < 4; i++) wrapped = base64(text(wrapped))
    assert.equal(fault(text(wrapped)).code, 'too-large')
  })

  it('more than 10 MB', () => {
    assert.equal(fault(new Uint8Array(MAX_INPUT + 1)).code, 'too-large')
  })

  it('JSON a thousand levels deep', () => {
    assert.match(fault(text('['.repeat(1000) + ']'.repeat(1000))).message, /at most 64 levels/)
  })
})

describe('recognise: any input', () => {
  const runs = Number(process.env['SEKISHO_FUZZ_RUNS'] ?? 4000)
  const total = (input: Uint8Array): void => {
    try {
      recognise(input)
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error
    }
  }
  it('bytes: recognised, or an EvidenceError', () =>
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), total), { numRuns: runs }))
  it('text', () => fc.assert(fc.property(fc.string({ maxLength: 400 }).map(text), total), { numRuns: runs }))
  it('JSON', () => fc.assert(fc.property(fc.json({ maxDepth: 6 }).map(text), total), { numRuns: runs }))
  it('envelopes with members of any kind', () => {
    const name = fc.constantFrom(
      'quote',
      'evidence',
      'attestation_report',
      'cert_chain',
      'tee-evidence',
      'primary_evidence',
      'td_quote',
      'hcl_report',
      'tpm_quote',
      'vcek',
      'outblob',
      'report',
      'measurement',
      'reported_tcb',
      'signature',
    )
    const value = fc.oneof(
      fc.jsonValue(),
      fc.uint8Array({ maxLength: 64 }).map(base64),
      fc.constant(base64(report())),
      fc.dictionary(name, fc.jsonValue()),
    )
    return fc.assert(fc.property(fc.dictionary(name, value).map(json), total), { numRuns: runs })
  })
  it('damaged evidence in a valid wrapper', () =>
    fc.assert(
      fc.property(fc.nat(1183), fc.nat(255), fc.nat(1184), (at, value, length) => {
        const bytes = report()
        bytes[at] = value
        total(json({ outblob: base64(bytes.subarray(0, length)) }))
      }),
      { numRuns: runs },
    ))
})

describe('recognise: genuine envelopes', {
  skip: existsSync(VECTORS) ? false : `no vectors at ${VECTORS} (SEKISHO_VECTORS)`,
}, () => {
  const read = (path: string): Uint8Array => new Uint8Array(readFileSync(`${VECTORS}/${path}`))

  it('the SEV-SNP report field by field gives the signed bytes', () => {
    const folder = 'amd-sev-snp/genoa-v3-vcek-json-form'
    const { companions } = found(read(`${folder}/evidence.json`), 'snp', read(`${folder}/evidence.bin`))
    assert.deepEqual(
      companions.map((one) => one.label),
      ['VCEK'],
    )
  })

  it('the same with its byte strings in hexadecimal, and not with text that is none', () => {
    const folder = 'amd-sev-snp/genoa-v3-vcek-json-form'
    const { attestation_report: form } = JSON.parse(new TextDecoder().decode(read(`${folder}/evidence.json`)))
    const inHex = (value: unknown): unknown =>
      Array.isArray(value)
        ? Buffer.from(value).toString('hex')
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inHex(one)]))
          : value
    const written: unknown = inHex(form)
    assert.ok(typeof written === 'object' && written !== null)
    for (const input of [written, { attestation_report: written }])
      found(json(input), 'snp', read(`${folder}/evidence.bin`))
    assert.match(fault(json({ ...written, chip_id: 'zz'.repeat(64) })).message, /chip_id/)
    assert.match(fault(json({ ...written, chip_id: 'aa'.repeat(63) })).message, /chip_id/)
  })

  it('dstack quote report, whose quote is padded', () => {
    const { evidence } = recognise(read('intel-tdx/dstack-v4-eventlog-json/eventlog.json'))
    const bare = read('intel-tdx/dstack-v4-eventlog-json/evidence.bin')
    assert.equal(hex(evidence.subarray(0, bare.length - 1)), hex(bare.subarray(0, -1)))
  })

  it('answer of the SEV guest device', () =>
    assert.equal(recognise(read('amd-sev-snp/milan-v2-parse-only/report-response.bin')).evidence.length, 1184))

  for (const name of ['milan-json-v0', 'milan-json-v1', 'genoa-json-v0', 'milan-live', 'milan-snp2-json-v1']) {
    it(`az-snp-vtpm ${name} stays whole: report and quote mean something together only`, () => {
      const input = read(`azure-vtpm/${name}/evidence.json`)
      const { tee, evidence } = recognise(input)
      assert.equal(tee, 'azure-vtpm')
      assert.equal(evidence.length, input.length)
    })
  }
})
