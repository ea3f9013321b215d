import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { constants, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { EvidenceError } from '../src/core/errors.ts'
import { gunzip } from '../src/core/inflate.ts'

const packed = (bytes: Uint8Array, options = {}): Uint8Array => new Uint8Array(gzipSync(bytes, options))

function fault(bytes: Uint8Array, most = 100_000): EvidenceError {
  try {
    gunzip(bytes, most)
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return error
  }
  return assert.fail('this should not have been unpacked')
}

describe('gzip', () => {
  const { Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED, Z_DEFAULT_STRATEGY } = constants
  it('unpacks what zlib packs, in every way', () => {
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.array(fc.constantFrom(1, 2, 3, 200), { maxLength: 9000 }).map((list) => Uint8Array.from(list)),
      fc.string({ maxLength: 60 }).map((text) => new TextEncoder().encode(text.repeat(100))),
    )
    fc.assert(
      fc.property(
        some,
        fc.constantFrom(0, 1, 6, 9),
        fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED),
        (bytes, level, strategy) => {
          assert.deepEqual(gunzip(packed(bytes, { level, strategy }), 100_000), bytes)
        },
      ),
      { numRuns: 200 },
    )
    const far = Uint8Array.from({ length: 70_000 }, (_, i) => (i % 32_768) ** 2 % 251)
    assert.deepEqual(gunzip(packed(far), far.length), far)
  })

  it('steps over the optional parts of a header', () => {
    const plain = packed(Uint8Array.of(1, 2, 3))
    const extra = [2, 0, 9, 9]
    const names = [...new TextEncoder().encode('report.bin'), 0, ...new TextEncoder().encode('a comment'), 0]
    const header = [...plain.slice(0, 3), 2 | 4 | 8 | 16, ...plain.slice(4, 10), ...extra, ...names, 0, 0]
    assert.deepEqual(gunzip(Uint8Array.of(...header, ...plain.slice(10)), 3), Uint8Array.of(1, 2, 3))
  })

  it('refuses more than is wanted, whatever lengths it states', () => {
    const zeros = packed(new Uint8Array(1_000_000))
    assert.equal(fault(zeros, 999_999).code, 'too-large')
    assert.equal(gunzip(zeros, 1_000_000).length, 1_000_000)
    const empty = Buffer.alloc(10 + 5 * 5000)
    empty.set(zeros.subarray(0, 10))
    for (let i = 0; i < 5000; i++) empty.writeUInt16LE(0xffff, 10 + 5 * i + 3)
    assert.match(fault(new Uint8Array(empty)).message, /a further block; expected at most 4096/)
  })

  it('refuses another digest, another length, bytes behind, and what is cut short', () => {
    const good = packed(new TextEncoder().encode('evidence '.repeat(40)))
    for (const at of [good.length - 1, good.length - 5]) {
      const changed = Uint8Array.from(good)
      changed[at] = (changed[at] ?? 0) ^ 1
      assert.equal(fault(changed).code, 'malformed')
    }
    assert.match(fault(Uint8Array.of(...good, 0)).message, /bytes behind/)
    for (let length = 0; length < good.length; length++) fault(good.subarray(0, length))
    assert.match(fault(Uint8Array.of(...good.slice(0, 2), 7, ...good.slice(3))).message, /deflate/)
  })

  it('damage is refused or told by its digest, and nothing else is thrown', () => {
    const good = packed(Uint8Array.from({ length: 2000 }, (_, i) => (i * i) % 97))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (edits) => {
        const changed = Uint8Array.from(good)
        for (const [at, value] of edits) changed[at] = value
        try {
          gunzip(changed, 100_000)
        } catch (error) {
          assert.ok(error instanceof EvidenceError, String(error))
        }
      }),
      { numRuns: 2000 },
    )
  })
})
