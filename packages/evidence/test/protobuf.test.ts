import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EvidenceError } from '../src/index.ts'
import { type ProtoSchema, readProto, readTextProto } from '../src/recognise/protobuf.ts'

interface Nested {
  readonly fields: Record<number, ProtoSchema['fields'][number]>
}

/** A message with a number (1), bytes (2) and a message like itself (3). */
const NESTED: Nested = { fields: { 1: { name: 'n', kind: 'number' }, 2: { name: 'b', kind: 'bytes' } } }
NESTED.fields[3] = { name: 'm', kind: NESTED }
const SCHEMA: ProtoSchema = NESTED

const MOST = 20_000
const DEPTH = 8

function refused(code: string, found: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof EvidenceError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, found)
    return true
  }
}
const numbers = (count: number): Uint8Array => new Uint8Array(2 * count).map((_, i) => (i % 2 === 0 ? 0x08 : 7))
const wire = (...bytes: readonly number[]) => readProto(Uint8Array.from(bytes), SCHEMA)

/** A message around a message around…, of so many levels below the first. */
function levels(count: number): Uint8Array {
  let inner: readonly number[] = [0x08, 1]
  for (let i = 0; i < count; i++) inner = [0x1a, inner.length, ...inner]
  return Uint8Array.from(inner)
}

describe('messages in the wire format', () => {
  it('have numbers, bytes and messages, and fields that nobody reads are stepped over', () => {
    const read = wire(
      0x08,
      0x96,
      0x01,
      0x12,
      2,
      9,
      8,
      0x1a,
      2,
      0x08,
      5,
      0x20,
      1,
      0x2a,
      1,
      0,
      0x31,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
    )
    assert.deepEqual([...read.keys()], ['n', 'b', 'm'])
    assert.deepEqual([read.get('n'), read.get('b')], [[150n], [Uint8Array.of(9, 8)]])
    assert.deepEqual(read.get('m'), [new Map([['n', [5n]]])])
    assert.deepEqual(wire(0x08, ...Array.from({ length: 9 }, () => 0xff), 0x01).get('n'), [2n ** 64n - 1n])
  })

  it('have 20,000 fields at most, those of messages inside and those that nobody reads counted', () => {
    assert.equal(readProto(numbers(MOST), SCHEMA).get('n')?.length, MOST)
    assert.throws(() => readProto(numbers(MOST + 1), SCHEMA), refused('too-large', /a further field/))
    // 9,990 fields of two bytes inside of each, and the two themselves.
    const within = [0, 1].map(() => Uint8Array.of(0x1a, 0x8c, 0x9c, 0x01, ...numbers(9990)))
    assert.equal(readProto(Buffer.concat(within), SCHEMA).get('m')?.length, 2)
    assert.throws(() => readProto(Buffer.concat([...within, numbers(19)]), SCHEMA), refused('too-large', /a further/))
    const unread = new Uint8Array(2 * (MOST + 1)).map((_, i) => (i % 2 === 0 ? 0x20 : 1))
    assert.throws(() => readProto(unread, SCHEMA), refused('too-large', /a further field/))
  })

  it('have eight levels below the first at most', () => {
    assert.ok(readProto(levels(DEPTH), SCHEMA).has('m'))
    assert.throws(() => readProto(levels(DEPTH + 1), SCHEMA), refused('too-large', /a deeper message/))
  })

  it('end where they say, in every part', () => {
    for (const bytes of [
      [0x08],
      [0x08, 0x80],
      [0x12, 2, 1],
      [0x1a, 3, 0x08, 1],
      [0x21, 1, 2, 3],
      [0x25, 1],
      [0x1a, 1, 0x08, 1],
    ])
      assert.throws(() => wire(...bytes), refused('truncated', /protobuf/), String(bytes))
    for (const [bytes, found] of [
      [[0x0b], /wire type 3/],
      [[0x0f], /wire type 7/],
      [[0x0a, 1, 1], /bytes/],
      [[0x10, 1], /a number/],
      [[0x18, 1], /a number/],
      [[0x08, ...Array.from({ length: 10 }, () => 0x80), 0], /a longer number/],
    ] as const)
      assert.throws(() => wire(...bytes), refused('malformed', found), String(bytes))
  })
})

describe('messages in the text format', () => {
  const text = (content: string) => readTextProto(content, SCHEMA)

  it('are read with comments, both brackets, either separator, and strings that are joined', () => {
    const read = text(`n: 0x10, n: 7; # a comment\nb: "a\\x42" 'c\\101\\n' m { n: 1 } m: < n: 2 >`)
    assert.deepEqual(read.get('n'), [16n, 7n])
    assert.deepEqual(read.get('b'), [Uint8Array.from(Buffer.from('aBcA\n'))])
    assert.deepEqual(read.get('m'), [new Map([['n', [1n]]]), new Map([['n', [2n]]])])
  })

  it('have as many fields and levels as those in the wire format, and strings counted', () => {
    assert.equal(text('n:1 '.repeat(MOST)).get('n')?.length, MOST)
    assert.throws(() => text('n:1 '.repeat(MOST + 1)), refused('too-large', /a further field/))
    assert.throws(() => text(`b: ${'"" '.repeat(MOST + 1)}`), refused('too-large', /a further string/))
    assert.ok(text(`${'m{'.repeat(DEPTH)}n:1${'}'.repeat(DEPTH)}`).has('m'))
    assert.throws(() => text(`${'m{'.repeat(DEPTH + 1)}${'}'.repeat(DEPTH + 1)}`), refused('too-large', /a deeper/))
  })

  it('are refused where something else stands', () => {
    for (const content of [
      ...[
        'x: 1',
        'n 1',
        'n: ',
        'n: "a"',
        'b: 1',
        'm: 1',
        'n { }',
        'm { n: 1',
        'm { n: 1 >',
        'n: 1 }',
        'n: 01',
        'n: 1x',
      ],
      ...['b: "a', 'b: "a\n"', 'n: 0x', '1: 1', 'n: -1'],
    ])
      assert.throws(() => text(content), refused('malformed', /other text/), content)
  })
})
