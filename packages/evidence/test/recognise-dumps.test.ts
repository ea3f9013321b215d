import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeSnp } from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise } from '../src/recognise/index.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const digits = (value: number, radix: number, size: number): string => value.toString(radix).padStart(size, '0')
const letter = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')

const REPORT = makeSnp().evidence
const QUOTE = makeSgx().evidence

interface Form {
  readonly offset: (at: number) => string
  readonly body: (row: Uint8Array) => string
  /** Whether equal rows are left out, and whether the size stands at the end. */
  readonly squeezed?: boolean
  readonly ends?: boolean
}

const bytesOf = (row: Uint8Array): string => [...row].map((byte) => digits(byte, 16, 2)).join(' ')
const wordsOf = (row: Uint8Array): string =>
  Array.from({ length: Math.ceil(row.length / 2) }, (_, i) =>
    digits((row[2 * i] as number) | ((row[2 * i + 1] ?? 0) << 8), 16, 4),
  ).join(' ')
const halves = (row: Uint8Array): string => `${bytesOf(row.subarray(0, 8))}  ${bytesOf(row.subarray(8))}`
const letters = (row: Uint8Array): string => [...row].map(letter).join('')

function dump(bytes: Uint8Array, { offset, body, squeezed = false, ends = true }: Form): string {
  const lines: string[] = []
  let before = ''
  for (let at = 0; at < bytes.length; at += 16) {
    const row = body(bytes.subarray(at, at + 16))
    const isLast = !ends && at + 16 >= bytes.length
    if (!squeezed || row !== before || isLast) lines.push(`${offset(at)}${row}`)
    else if (lines.at(-1) !== '*') lines.push('*')
    before = row
  }
  return `${[...lines, ...(ends ? [offset(bytes.length).trimEnd().replace(/:$/, '')] : [])].join('\n')}\n`
}

const FORMS: Readonly<Record<string, Form>> = {
  'hexdump -C': {
    offset: (at) => `${digits(at, 16, 8)}  `,
    body: (row) => `${halves(row).padEnd(48)}  |${letters(row)}|`,
    squeezed: true,
  },
  hexdump: { offset: (at) => `${digits(at, 16, 7)} `, body: wordsOf, squeezed: true },
  'od -x': { offset: (at) => `${digits(at, 8, 7)} `, body: wordsOf, squeezed: true },
  'od -t x1': { offset: (at) => `${digits(at, 8, 7)} `, body: bytesOf, squeezed: true },
  'od -A d -v -t x1': { offset: (at) => `${digits(at, 10, 7)} `, body: bytesOf },
  'od -A x -t x1z': {
    offset: (at) => `${digits(at, 16, 6)} `,
    body: (row) => `${bytesOf(row).padEnd(47)}  >${letters(row)}<`,
    squeezed: true,
  },
  'letters behind a gap': {
    offset: (at) => `${digits(at, 16, 8)}   `,
    body: (row) => `${bytesOf(row).padEnd(47)}  ${letters(row)}`,
    ends: false,
  },
  'xxd -a -g 1': {
    offset: (at) => `${digits(at, 16, 8)}: `,
    body: (row) => `${bytesOf(row).padEnd(47)}  ${letters(row)}`,
    squeezed: true,
    ends: false,
  },
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

describe('recognise: dumps with offsets', () => {
  for (const [name, form] of Object.entries(FORMS))
    it(name, () => {
      for (const bytes of [REPORT, QUOTE]) assert.equal(hex(recognise(utf8(dump(bytes, form))).evidence), hex(bytes))
    })

  it('with the titles that PowerShell prints', () => {
    const rows = dump(REPORT, FORMS['letters behind a gap'] as Form)
    const columns = Array.from({ length: 16 }, (_, i) => digits(i, 16, 2)).join(' ')
    for (const titles of [
      `\n           ${columns}\n\n`,
      `\n   Label: report.bin\n\n          Offset Bytes   Ascii\n                 ${columns}\n          ------ -----\n`,
    ])
      assert.equal(hex(recognise(utf8(`${titles}${rows}`)).evidence), hex(REPORT))
  })

  it('letters that look like digits are none', () => {
    // The last row ends in letters that are hexadecimal digits, as long as a group.
    const bytes = Uint8Array.from([...QUOTE.subarray(0, QUOTE.length - (QUOTE.length % 16)), 0x62, 0x65])
    const text = dump(bytes, FORMS['xxd -a -g 1'] as Form)
    assert.match(text, /: 62 65 +be\n$/)
    assert.equal(hex(recognise(utf8(text)).evidence), hex(bytes))
  })

  it('an odd number of bytes in words', () => {
    const odd = QUOTE.subarray(0, QUOTE.length - 1 + (QUOTE.length % 2))
    assert.equal(hex(recognise(utf8(dump(odd, FORMS['od -x'] as Form))).evidence), hex(odd))
  })

  it('a star without what tells how many lines it stands for is refused', () => {
    const lines = dump(REPORT, FORMS['hexdump -C'] as Form).split('\n')
    const star = lines.indexOf('*')
    assert.ok(star > 0)
    const cut = [...lines.slice(0, star), ...lines.slice(star, star + 1)]
    const without = [...lines.slice(0, star + 1), ...lines.slice(star + 2)]
    assert.match(fault(`${cut.join('\n')}\n`).message, /the character "\*"/)
    // The next line's offset tells another number of lines, of which the report is too long or too short.
    const read = [without, lines.toSpliced(star, 0, '*')].map((some) => {
      try {
        return hex(recognise(utf8(some.join('\n'))).evidence)
      } catch (error) {
        return error instanceof EvidenceError ? 'refused' : assert.fail(String(error))
      }
    })
    assert.notEqual(read[0], hex(REPORT))
    assert.equal(read[1], hex(REPORT))
  })

  it('a line that is missing is not made up', () => {
    for (const name of ['hexdump -C', 'od -t x1', 'od -A x -t x1z']) {
      const lines = dump(REPORT, { ...(FORMS[name] as Form), squeezed: false }).split('\n')
      let evidence: string | undefined
      try {
        evidence = hex(recognise(utf8(lines.toSpliced(3, 1).join('\n'))).evidence)
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
      }
      assert.notEqual(evidence, hex(REPORT), name)
    }
  })

  it('offsets beyond all sizes, and stars in the front, are refused', () => {
    const row = `${'00 '.repeat(15)}00`
    for (const text of [
      `00000000  ${row}\n*\nffffffffffff\n`,
      `*\n00000000  ${row}\n00000010\n`,
      `00000000  00 00\n*\n00900000\n`,
      `00000000  ${row}\n00000010  ${row}\n00000018\n`,
    ])
      assert.ok(['malformed', 'unsupported-kind', 'too-large'].includes(fault(text).code), text.slice(0, 40))
  })
})
