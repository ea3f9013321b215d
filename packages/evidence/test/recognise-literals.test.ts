import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeSnp } from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise } from '../src/recognise/index.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const pieces = (text: string, size: number): readonly string[] => text.match(new RegExp(`.{1,${size}}`, 'g')) ?? []

const REPORT = makeSnp().evidence
const QUOTE = makeSgx().evidence
// Of its report data a line of 40 characters of base64 begins with slashes.
const SLASHES = REPORT.map((byte, i) => (i >= 90 && i < 94 ? 0xff : byte))
const decimal = [...REPORT]
const signed = decimal.map((byte) => (byte << 24) >> 24)
const escapes = decimal.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')

// As Python prints bytes: ASCII as it is, everything else escaped.
function python(bytes: Uint8Array): string {
  const names: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 39: "\\'", 92: '\\\\' }
  const letters = [...bytes].map((byte) => {
    const plain = byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
    return names[byte] ?? plain
  })
  return `b'${letters.join('')}'`
}

function fault(text: string): EvidenceError {
  try {
    recognise(utf8(text))
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return error
  }
  return assert.fail('this should not have been recognised')
}

describe('recognise: lists of numbers as programs write and print them', () => {
  const forms: Readonly<Record<string, string>> = {
    'Go, decimal': `var report = []byte{\n  ${decimal.join(', ')},\n}`,
    'Go, with a length': `[1184]byte{${decimal.join(', ')}}`,
    'what Go prints': `{Report:[${decimal.join(' ')}] Len:x}`,
    'Rust, a vector': `let report = vec![${decimal.join(', ')}];`,
    'Rust, a constant': `pub const REPORT: [u8; 1184] = [${decimal.join(', ')}];`,
    'Rust, with a type': `&[${decimal.map((byte, i) => (i === 0 ? `${byte}u8` : byte)).join(', ')}]`,
    'Java, with casts': `byte[] r = new byte[] {${decimal.map((byte) => `(byte) 0x${byte.toString(16)}`).join(', ')}};`,
    'Java, signed': `new byte[] {${signed.join(', ')}};`,
    'Kotlin, signed': `val report = byteArrayOf(${signed.join(', ')})`,
    JavaScript: `new Uint8Array([${decimal.join(',')}])`,
    Python: `report = bytes([${decimal.join(', ')}])\n`,
    'Rust, with {:02x?}': `[${pieces(hex(REPORT), 2).join(', ')}]`,
    'what Go prints with % x': `[${pieces(hex(REPORT), 2).join(' ')}]`,
    'Rust, a call behind it': `let report = [${decimal.join(', ')}].to_vec();`,
    Erlang: `Report = <<${decimal.join(',')}>>.`,
    'C, decimal': `static const uint8_t report[] = { ${decimal.join(',')} };\n`,
  }
  for (const [name, text] of Object.entries(forms))
    it(name, () => {
      const found = recognise(utf8(text))
      assert.equal(hex(found.evidence), hex(REPORT))
      assert.deepEqual(
        found.wrappers.map((wrapper) => wrapper.name),
        ['list of a program'],
      )
    })

  it('JSON of bytes below zero, and of the object that JavaScript makes of bytes', () => {
    const object = JSON.stringify({ report: new Uint8Array(REPORT) })
    assert.match(object, /^\{"report":\{"0":/)
    for (const text of [JSON.stringify(signed), JSON.stringify({ blob: signed }), object])
      assert.equal(hex(recognise(utf8(text)).evidence), hex(REPORT))
    assert.equal(fault(JSON.stringify([...signed, 200])).code, 'unsupported-kind')
  })

  it('numbers that are no bytes stay refused', () => {
    for (const text of [
      `{${[...decimal, 256].join(', ')}}`,
      `[${[...signed, 200].join(' ')}]`,
      `[${decimal.join(' ')}`,
    ])
      assert.equal(fault(text).code, 'malformed', text.slice(0, 20))
    // In hexadecimal digits without their prefix and without a letter, which decimal ones may look like.
    const digits = `[${pieces(hex(REPORT).replace(/[a-f]/g, '1'), 2).join(', ')}]`
    assert.equal(fault(digits).code, 'malformed')
    assert.equal(fault(`[${pieces(hex(REPORT), 2).join(', ')}, 100]`).code, 'malformed')
  })
})

describe('recognise: strings as programs write them', () => {
  const lines = pieces(hex(QUOTE), 80)
  const forms: Readonly<Record<string, string>> = {
    'a declaration': `const QUOTE: &str = "${hex(QUOTE)}";`,
    'a call': `raw, err := hex.DecodeString("${hex(QUOTE)}")`,
    'a macro': `const Q: &[u8] = &hex!("${hex(QUOTE)}");`,
    Solidity: `bytes constant quote = hex"${hex(QUOTE)}";`,
    'Solidity, joined': `return bytes.concat(\n${lines.map((line) => `  hex"${line}"`).join(',\n')}\n);`,
    'one behind the other': `QUOTE = (\n${lines.map((line) => `    "${line}"`).join('\n')}\n)\n`,
    'joined by a sign': `${lines.map((line) => `"${line}"`).join(' +\n  ')};`,
    'lines that go on': `let quote = "${lines.join('\\\n    ')}";`,
    'a template': `const QUOTE = \`\n${pieces(base64(QUOTE), 64).join('\n')}\n\`;\n`,
    'its encoding behind it': `const quote = Buffer.from('${hex(QUOTE)}', 'hex');`,
    'calls behind it': `let quote = hex::decode("${hex(QUOTE)}").expect("valid hex");`,
    Kotlin: `val quote = """\n  ${lines.join('\n  ')}\n""".trimIndent()\n`,
    Ruby: `quote = ["${hex(QUOTE)}"].pack("H*")\n`,
    'a command': `echo "${hex(QUOTE)}" | xxd -r -p > quote.bin\n`,
    TOML: `quote = "${base64(QUOTE)}"\n`,
    'JSON inside': `body = '${JSON.stringify({ quote: base64(QUOTE) })}'`,
  }
  for (const [name, text] of Object.entries(forms))
    it(name, () => {
      const found = recognise(utf8(text))
      assert.equal(hex(found.evidence), hex(QUOTE))
      assert.equal(found.wrappers[0]?.name, 'string of a program')
    })

  it('with escapes', () => {
    const c = `const char *report =\n${pieces(escapes, 64)
      .map((line) => `  "${line}"`)
      .join('\n')};`
    for (const text of [c, `"${escapes}"`, python(REPORT), `REPORT = ${python(REPORT)}\n`])
      assert.equal(hex(recognise(utf8(text)).evidence), hex(REPORT))
  })

  it('with escapes of three decimal digits', () => {
    const lua = decimal.map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')
    const octal = decimal.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
    for (const text of [`local report = "${lua}"\n`, `const char report[] = "${octal}";\n`])
      assert.deepEqual([hex(recognise(utf8(text)).evidence), recognise(utf8(text)).unused], [hex(REPORT), []])
  })

  it('with comments and lines of the preprocessor', () => {
    const list = pieces(hex(QUOTE), 2).map((byte) => `0x${byte}`)
    const c = `/* A quote, "as it is". */\n#ifndef QUOTE_H\n#define QUOTE_H\n#include <stdint.h>\n\nstatic const uint8_t quote[] = {
  /* version */ ${list.slice(0, 2).join(', ')}, // of the header
  ${list.slice(2).join(', ')}\n};\n//\n//! end\nstatic const size_t size = sizeof(quote);\n#endif\n`
    const rust = `// What "the tests" use.\n/// Documentation: [quote]\n//\npub const QUOTE: &str = "${hex(QUOTE)}";\n`
    // A line of base64 may begin with two slashes, of which no blank comes behind.
    const template = `// A quote.\nconst QUOTE = \`\n${pieces(base64(SLASHES), 40).join('\n')}\n\`\n`
    assert.match(template, /\n\/\//)
    for (const text of [c, rust]) assert.equal(hex(recognise(utf8(text)).evidence), hex(QUOTE), text.slice(0, 20))
    assert.equal(hex(recognise(utf8(template)).evidence), hex(SLASHES))
  })

  it('what else stands behind a string is told, the name of its encoding is not', () => {
    const told = recognise(utf8(`const quote = "${hex(QUOTE)}"\nconst nonce = "00"\n`)).unused
    assert.deepEqual(told, ['what stands behind the string'])
    assert.deepEqual(recognise(utf8(`Buffer.from('${hex(QUOTE)}', 'hex')`)).unused, [])
  })

  it('several strings of a list are not one', () => {
    assert.match(fault(`['${hex(REPORT)}', '${hex(REPORT)}']`).message, /2 pieces of evidence/)
    assert.equal(fault(`('${hex(REPORT)}', '${hex(REPORT)}')`).code, 'malformed')
    assert.equal(fault(`["${lines.join('", x, "')}"`).code, 'malformed')
  })

  it('a dictionary as Python prints it', () => {
    const text = `{'ok': True, 'error': None, 'data': {'quote': '${base64(QUOTE)}', "nonce": 'True!'}, 'n': [1, False]}`
    const found = recognise(utf8(text))
    assert.equal(hex(found.evidence), hex(QUOTE))
    assert.deepEqual(
      found.wrappers.map(({ name }) => name),
      ['dictionary of Python', 'JSON: quote in other object'],
    )
    assert.equal(new TextDecoder().decode(found.companions.find(({ kind }) => kind === 'nonce')?.bytes), 'True!')
    assert.equal(fault(`{'quote': '${base64(QUOTE)}', 'x': other}`).code, 'malformed')
  })

  it('text that holds nothing is refused for what it is', () => {
    const prose = `They called it "evidence", ${'and on it went '.repeat(20)}`
    assert.match(fault(prose).message, /byte 4: the character " "|a base64 character|a hexadecimal digit/)
    assert.match(fault(`quote = "${'zz'.repeat(100)}"`).message, /^input at byte/)
    assert.match(fault(`quote: ${hex(QUOTE)}0`).message, /^input at byte/)
  })
})

describe('recognise: settings and answers over HTTP', () => {
  it('a value behind its name, as YAML, settings and shells have it', () => {
    const folded = pieces(base64(QUOTE), 76)
      .map((line) => `  ${line}`)
      .join('\n')
    const forms = [
      ...[`quote: ${base64(QUOTE)}\n`, `export QUOTE=${hex(QUOTE)}\n`, `quote: !!binary |\n${folded}\n`],
      ...[`report: >-\n${folded}\n`, encodeURIComponent(base64(QUOTE))],
    ]
    for (const text of forms) {
      const found = recognise(utf8(text))
      assert.equal(hex(found.evidence), hex(QUOTE), text.slice(0, 20))
      assert.equal(found.wrappers[0]?.name, 'setting')
    }
  })

  it('headers in front of JSON and of base64', () => {
    for (const body of [JSON.stringify({ quote: base64(QUOTE) }), base64(QUOTE)]) {
      const found = recognise(utf8(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n${body}\n`))
      assert.equal(hex(found.evidence), hex(QUOTE))
      assert.equal(found.wrappers[0]?.name, 'HTTP response')
    }
    assert.match(fault(`HTTP/1.1 404 Not Found\r\n\r\nno such thing`).message, /^input at byte/)
  })
})

// Each took minutes, and grew with the square of its length.
describe('recognise: blanks and bars without an end', () => {
  const many = 400_000
  const hostile: Readonly<Record<string, string>> = {
    'a setting and blanks': `quote=${' '.repeat(many)}!`,
    'a setting over lines': `quote: |${'\n'.repeat(many)}!`,
    'what tpm2_quote prints': `quoted: ff544347\nsig:${' '.repeat(many)}!`,
    'a dump and bars': `00000000: ${'|'.repeat(many)}\rx`,
  }
  for (const [name, text] of Object.entries(hostile))
    it(name, () => {
      assert.equal(fault(text).field, 'input')
    })
})
