import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeSnp, toPem } from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise } from '../src/recognise/index.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const pieces = (text: string, size: number): readonly string[] => text.match(new RegExp(`.{1,${size}}`, 'g')) ?? []
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const QUOTE = makeSgx().evidence
const REPORT = makeSnp().evidence
const JSON_QUOTE = JSON.stringify({ quote: base64(QUOTE) })
const PEM = `-----BEGIN QUOTE-----\n${pieces(base64(QUOTE), 64).join('\n')}\n-----END QUOTE-----\n`
const TOKEN = `${part({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${part({ iss: 'https://as.example', exp: 1, x: 'y'.repeat(200) })}.${'s'.repeat(342)}`

function fault(text: string): EvidenceError {
  try {
    recognise(utf8(text))
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return error
  }
  return assert.fail('this should not have been recognised')
}

describe('recognise: evidence with text around it', () => {
  const forms: Readonly<Record<string, string>> = {
    'curl -v': `*   Trying 192.0.2.1...\n> GET /quote HTTP/1.1\n> Host: tee.example\n>\n< HTTP/1.1 200 OK\n< content-type: text/plain\n< \n${hex(QUOTE)}\n`,
    'a command and its answer': `$ curl -i https://tee.example/\nHTTP/2 200 \ncontent-type: application/json\n\n${JSON_QUOTE}`,
    'a command with JSON in it': `curl -X POST https://as.example -H 'Content-Type: application/json' -d '${JSON_QUOTE}'`,
    'a line of a log': `2026-01-02T03:04:05Z INFO attest: quote=${hex(QUOTE)} (4578 bytes)\n`,
    'a line of a log with JSON': `I0102 attest.go:10] got ${JSON_QUOTE}\n`,
    'a line in brackets': `[2026-01-02T03:04:05Z DEBUG attest] quote: ${base64(QUOTE)}\n`,
    XML: `<?xml version="1.0"?>\n<a><quote>${base64(QUOTE)}</quote><nonce>00</nonce></a>`,
    'XML in lines': `<a>\n<quote>${pieces(base64(QUOTE), 64).join('\n')}</quote>\n</a>`,
    YAML: `kind: sgx\nquote: ${base64(QUOTE)}\nreportData: ${'ab'.repeat(64)}\n`,
    'YAML in lines': `kind: sgx\nquote: |\n  ${pieces(base64(QUOTE), 76).join('\n  ')}\nnonce: abc\n`,
    Markdown: `Why is this refused?\n\n\`\`\`json\n${JSON_QUOTE}\n\`\`\`\n\nThanks\n`,
    'a program with other values': `const nonce = "abcd"\nexport const fixture = {\n  quote: "${hex(QUOTE)}",\n  nonce,\n}\n`,
    'several settings': `NONCE=abc\nQUOTE=${base64(QUOTE)}\nX=1\n`,
    'a part of a form': `--xyz\r\nContent-Disposition: form-data; name="quote"\r\n\r\n${hex(QUOTE)}\r\n--xyz--\r\n`,
    'a query': `https://as.example/verify?quote=${encodeURIComponent(base64(QUOTE))}&nonce=ab`,
    SQL: `INSERT INTO quotes VALUES (1, '\\x${hex(QUOTE)}');\n`,
    'what psql prints': `   quote\n------------\n \\x${hex(QUOTE)}\n(1 row)\n`,
    'a secret of Kubernetes': `kind: Secret\ndata:\n  quote: ${base64(utf8(base64(QUOTE)))}\n`,
    PEM: `Data:\n    Version: 3\n${PEM}`,
  }
  for (const [name, text] of Object.entries(forms))
    it(name, () => {
      const found = recognise(utf8(text))
      assert.equal(hex(found.evidence), hex(QUOTE))
      assert.equal(found.wrappers[0]?.name, 'text around it')
      assert.deepEqual(found.unused, ['the text around it'])
    })

  it('JSON in whose strings certificates stand', () => {
    const { certificates } = makeSnp()
    const object = JSON.stringify({ report: base64(REPORT), cert_chain: [toPem(certificates.vcek ?? REPORT)] })
    const found = recognise(utf8(`This is what I have:\n\n\`\`\`json\n${object}\n\`\`\`\n`))
    assert.equal(hex(found.evidence), hex(REPORT))
    assert.equal(found.companions.length, 1)
  })

  it('a token', () => {
    for (const text of [
      `got ${TOKEN} from MAA\n`,
      `TOKEN=${TOKEN}`,
      `curl -H "Authorization: Bearer ${TOKEN}" https://a\n`,
    ]) {
      const found = recognise(utf8(text))
      assert.equal(found.tee, 'token')
      assert.equal(new TextDecoder().decode(found.evidence), TOKEN)
    }
  })

  it('an encoding in front of the value of a member', () => {
    for (const value of [`hex:${hex(REPORT)}`, `base64:${base64(REPORT)}`])
      assert.equal(hex(recognise(utf8(JSON.stringify({ report: value }))).evidence), hex(REPORT))
  })

  it('two pieces are not one, nor is text without evidence', () => {
    for (const text of [
      `the first: ${hex(QUOTE)}, the second: ${hex(REPORT)}`,
      `the tokens ${TOKEN} and ${TOKEN}`,
      `the quote ${hex(QUOTE)} and the rest ${'0f'.repeat(80)}`,
      `the digits ${'0f'.repeat(300)} alone`,
      `an object {"quote": 1} of nothing`,
    ])
      assert.match(fault(text).message, /^input at byte \d+: /, text.slice(0, 40))
  })

  it('what is wrong in hexadecimal, base64 and JSON is said of themselves', () => {
    for (const text of [hex(QUOTE), base64(QUOTE)]) {
      const wrong = `${text.slice(0, -40)}!${text.slice(-39)}`
      assert.equal(fault(wrong).offset, text.length - 40)
    }
    const cut = `{"quote": "${hex(QUOTE)}", "x": y}`
    assert.match(fault(cut).message, /^input \(JSON\) at byte \d+: /)
  })
})

describe('recognise: what was printed or decoded and cannot be checked any more', () => {
  const named: readonly (readonly [unknown, RegExp])[] = [
    ['Attestation Report:\n\nVersion:      2\n\nGuest SVN:      0\n', /an SEV-SNP report that was printed/],
    ['<!DOCTYPE html>\n<html><body>404</body></html>', /a page in HTML/],
    [{ module_id: 'i-0', digest: 'SHA384', pcrs: {}, cabundle: [] }, /fields of a Nitro attestation document/],
    [{ Measurements: { HashAlgorithm: 'x', PCR0: 'ab' }, IsSigned: false }, /measurements of an enclave/],
    [[{ EnclaveID: 'i-0', Measurements: { PCR0: 'ab' } }], /measurements of an enclave/],
    [{ mr_td: 'ab', rt_mr0: 'cd', report_data: '00' }, /fields of a TD's quote/],
    [{ version: 3, guest_svn: 0, measurement: 'ab', report_data: '00' }, /fields of an SEV-SNP report/],
    [{ 'x-ms-attestation-type': 'sevsnpvm' }, /claims without a signature/],
    [{ claims: [{ measres: 'fail' }], result_code: 12 }, /claims without a signature/],
    [{ iss: 'https://as.example', exp: 1 }, /claims without a signature/],
  ]
  for (const [value, expected] of named)
    it(expected.source, () => {
      assert.match(fault(typeof value === 'string' ? value : JSON.stringify(value)).message, expected)
    })

  it('evidence among such members is read', () => {
    const found = recognise(utf8(JSON.stringify({ iss: 'x', exp: 1, claims: [], result_code: 0, blob: hex(QUOTE) })))
    assert.equal(hex(found.evidence), hex(QUOTE))
  })
})

// One pass each: time does not grow with the square of the length.
describe('recognise: text without an end around nothing', () => {
  const many = 400_000
  const hostile: Readonly<Record<string, string>> = {
    'beginnings of tokens': `abc ${'eyJ-'.repeat(many)}`,
    'parts of tokens': `abc ${'eyJabcdefghij.'.repeat(many / 8)}`,
    'opened objects': `abc ${'{ '.repeat(many)}`,
    'lines of digits': `abc ${`${'0'.repeat(64)}\n`.repeat(many / 16)}!`,
    'comments without an end': `abc ${'/* '.repeat(many)}`,
    slashes: `abc ${'// '.repeat(many)}`,
    'a dump of bars': `00000000  00\n${'00000001  00 | | | |\n'.repeat(many / 16)}`,
    'a dump of stars': `00000000  00 00 00 00 00 00 00 00\n*\n00900000\n`,
  }
  for (const [name, text] of Object.entries(hostile))
    it(name, () => {
      assert.ok(fault(text).message.length > 0)
    })
})
