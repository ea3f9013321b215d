import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import * as everywhere from '../src/core/text.ts'
import * as node from '../src/core/text-node.ts'

const RUNS = { numRuns: 3000 }

/** What both say, after it was seen that they say the same. */
function same<T, R>(name: string, of: T, one: (of: T) => R, other: (of: T) => R): R {
  const [first, second] = [one(of), other(of)]
  assert.deepEqual(first, second, `${name} of ${JSON.stringify(of)}`)
  return first
}

const hex = (text: string): Uint8Array | undefined => same('fromHex', text, everywhere.fromHex, node.fromHex)
const base64 = (text: string): Uint8Array | undefined =>
  same('decodeBase64', text, everywhere.decodeBase64, node.decodeBase64)

// Digits, what is nearly one, blanks, padding, and letters whose low byte is that of a digit.
const near = fc.string({
  unit: fc.constantFrom(...'0189afAFgzZ+/-_= \t\r\n\0\v\u00a0', '\u0130', '\u0141', '\uff21', '\u{1d7ce}'),
  maxLength: 24,
})
const digits = fc.string({ unit: fc.constantFrom(...'AQgwEIMz019+/-_='), maxLength: 9 })

describe('hexadecimal and base64 of Node.js and of every other runtime', () => {
  it('write the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(7), (bytes, from) => {
        const text = same('toHex', bytes.subarray(from), everywhere.toHex, node.toHex)
        assert.equal(text.length, 2 * Math.max(0, bytes.length - from))
      }),
      RUNS,
    )
  })

  it('read what was written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, first) => {
        const text = node.toHex(bytes)
        assert.deepEqual(hex(first ? text.toUpperCase() : text), bytes)
        const written = Buffer.from(bytes).toString(first ? 'base64' : 'base64url')
        assert.deepEqual(base64(written), bytes)
        assert.deepEqual(base64(written.replace(/.{5}/g, '$& \r\n')), bytes)
      }),
      RUNS,
    )
  })

  it('take and refuse the same texts', () => {
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(near, digits), (text) => {
        hex(text)
        if (base64(text) !== undefined) taken++
      }),
      { numRuns: 20_000 },
    )
    assert.ok(taken > 100, `${taken} texts were base64`)
  })

  it('refuse what the platform alone would take', () => {
    // Short texts and long ones are read in two ways.
    for (const start of ['', '0aF9'.repeat(40)])
      for (const text of [
        '0',
        'zz',
        '00zz',
        '00 1',
        '\u01300',
        '\u0130\u0130',
        '0x00',
        '0@',
        '0G',
        '0`',
        '0g',
        '0/',
        '0:',
      ])
        assert.equal(hex(start + text), undefined, text)
    const wrong = [
      'A',
      'AAAAA',
      'AB==',
      'AAB=',
      'AA=',
      'AAA==',
      'AAAA=',
      '=',
      '==',
      'A=AA',
      'AA==AA',
      '\u0141AAA',
      'A*AA',
    ]
    for (const text of wrong) assert.equal(base64(text), undefined, text)
    assert.deepEqual(base64(' A A\t=\n='), Uint8Array.of(0))
    assert.deepEqual(base64(''), new Uint8Array(0))
  })

  it('hand out memory that nobody shares', () => {
    for (const bytes of [node.fromHex('00ff'), node.decodeBase64('AP8=')]) assert.equal(bytes?.buffer.byteLength, 2)
  })
})
