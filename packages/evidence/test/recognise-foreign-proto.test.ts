import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeSnp } from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise, recogniseParts } from '../src/recognise/index.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const REPORT = makeSnp().evidence
const QUOTE = makeSgx().evidence
const LEAF = makeSnp().certificates.vcek ?? new Uint8Array()

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

const number = (field: number, value: number): readonly number[] => [...varint(field * 8), ...varint(value)]
const sized = (field: number, content: Iterable<number>): readonly number[] => {
  const bytes = [...content]
  return [...varint(field * 8 + 2), ...varint(bytes.length), ...bytes]
}
const message = (...fields: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(fields.flat())
const framed = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([0, 0, 0, bytes.length >> 8, bytes.length & 0xff, ...bytes])

function fault(input: Uint8Array): EvidenceError {
  try {
    recognise(input)
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return error
  }
  return assert.fail('this should not have been recognised')
}

describe('recognise: messages of Protocol Buffers without their schema', () => {
  const root = message(number(1, 1), sized(2, REPORT), sized(3, new Uint8Array(70)))
  const layers = message(sized(1, root), sized(2, sized(1, new Uint8Array(200).fill(1))), sized(3, new Uint8Array(120)))
  const forms: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
    ['a field', root, REPORT],
    ['a message inside, with others beside it', layers, REPORT],
    ['behind the five bytes of gRPC', framed(layers), REPORT],
    [
      'a quote, behind numbers of each size',
      message([9, ...Array(8).fill(1)], [0x15, 1, 2, 3, 4], sized(99, QUOTE)),
      QUOTE,
    ],
    [
      'a field that is there several times',
      message(sized(4, utf8('a'.repeat(70))), sized(4, QUOTE), sized(4, utf8('b'))),
      QUOTE,
    ],
  ]
  for (const [name, bytes, evidence] of forms)
    it(name, () => {
      for (const input of [
        bytes,
        utf8(hex(bytes)),
        utf8(JSON.stringify({ evidence: Buffer.from(bytes).toString('base64') })),
      ]) {
        const found = recognise(input)
        assert.equal(hex(found.evidence), hex(evidence))
        assert.ok(found.wrappers.some((wrapper) => wrapper.name === 'Protocol Buffers: other object'))
        assert.match(found.unused.join(), /what lies around it: /)
      }
    })

  it('a certificate beside the report comes along, and two pieces are two parts', () => {
    const { companions } = recognise(message(sized(1, REPORT), sized(7, LEAF)))
    assert.deepEqual(
      companions.map(({ kind, from, bytes }) => [kind, from, hex(bytes)]),
      [['certificates', '7', hex(LEAF)]],
    )
    const both = message(sized(1, REPORT), sized(2, sized(1, QUOTE)))
    assert.deepEqual(
      recogniseParts(both).map(({ label, recognised }) => [label, recognised.tee]),
      [
        ['1', 'snp'],
        ['2.1', 'sgx'],
      ],
    )
  })

  it('cut short, with more behind it, or without evidence stays refused', () => {
    for (const bytes of [
      root.subarray(0, -1),
      message(sized(1, REPORT), [0x0b]),
      message(sized(1, REPORT), [0x00, 0x01]),
      message(sized(1, REPORT), sized(4000, utf8('x'))),
      message(sized(1, new Uint8Array(1184)), sized(2, utf8('x'))),
      message(sized(1, REPORT.subarray(0, 50)), sized(2, new Uint8Array(200))),
      Uint8Array.from([0, 0, 0, 0, 9, ...root]),
    ])
      assert.equal(fault(bytes).code, 'unsupported-kind', hex(bytes.subarray(-8)))
  })

  it('its text format: the one long string with escapes', () => {
    const escaped = [...REPORT].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
    const text = `# proto-message: Evidence\n\nroot_layer {\n  platform: AMD\n  report: "${escaped}"\n  key: "\\244\\001"\n}\nlayers {\n  ${'note: "abc"\n'.repeat(40)}}\n`
    const found = recognise(utf8(text))
    assert.equal(hex(found.evidence), hex(REPORT))
    assert.deepEqual(found.unused, ['what stands around the string'])
    assert.match(fault(utf8(`${text}other { report: "${escaped}" }\n`)).message, /^input at byte /)
  })

  it('messages in each other, and fields, without an end are refused', () => {
    for (const bytes of [
      new Uint8Array(1_000_000).fill(0x12),
      Uint8Array.from({ length: 1_000_000 }, (_, i) => (i % 2 ? 0 : 0x12)),
    ])
      assert.equal(fault(bytes).code, 'unsupported-kind')
  })
})
