import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as web from '../src/ear/base64url.ts'
import * as node from '../src/ear/base64url-node.ts'

const DOORS = { web, node }
const TEXTS = [
  '',
  'a',
  'ab',
  'abc',
  '?>~',
  '関所 é 🚪 \ud800',
  '\u0000\u007f\u0080\uffff',
  'x'.repeat(5000),
  'ü'.repeat(70_000),
]
const LENGTHS = [...Array(130).keys(), 1000, 8191, 8192, 8193, 70_000]

function sample(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 151 + (i >> 3) * 7 + 13) & 255)
}

for (const [name, door] of Object.entries(DOORS))
  describe(`base64url of results, ${name}`, () => {
    it('writes bytes without padding, in the alphabet of RFC 4648, section 5', () => {
      for (const length of LENGTHS) {
        const bytes = sample(length)
        assert.equal(door.toBase64url(bytes), Buffer.from(bytes).toString('base64url'))
        assert.equal(
          door.toBase64url(bytes.subarray(length >> 1)),
          Buffer.from(bytes.subarray(length >> 1)).toString('base64url'),
        )
      }
    })

    it('writes JSON in ASCII that reads as the same value', () => {
      for (const text of TEXTS) {
        const encoded = door.jsonToBase64url({ [text]: [text, 1, null] })
        assert.match(encoded, /^[A-Za-z0-9_-]+$/)
        const json = Buffer.from(encoded, 'base64url').toString('latin1')
        assert.ok([...json].every((character) => character.charCodeAt(0) < 0x80))
        assert.deepEqual(JSON.parse(json), { [text]: [text, 1, null] })
      }
    })

    it('gives the bytes to sign, which are kept when that is asked', () => {
      for (const length of [0, 1, 100, 9000, 70_000]) {
        const payload = 'p'.repeat(length)
        const bytes = door.signingInput('head', payload)
        assert.equal(Buffer.from(bytes).toString('latin1'), `head.${payload}`)
        door.keep(bytes)
        door.signingInput('other', 'q'.repeat(length))
        door.jsonToBase64url({ z: 'z'.repeat(length) })
        door.toBase64url(sample(length))
        assert.equal(Buffer.from(bytes).toString('latin1'), `head.${payload}`)
      }
    })
  })

describe('both doors of base64url', () => {
  it('write the same', () => {
    for (const text of TEXTS) assert.equal(node.jsonToBase64url({ text }), web.jsonToBase64url({ text }))
    for (const length of LENGTHS) assert.equal(node.toBase64url(sample(length)), web.toBase64url(sample(length)))
    assert.deepEqual(Buffer.from(node.signingInput('a-_', 'b')), Buffer.from(web.signingInput('a-_', 'b')))
  })
})
