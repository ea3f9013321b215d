import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readSerial } from '../src/x509/certificate.ts'
import { RevokedSerials } from '../src/x509/crl.ts'
import { DerReader, oidOf, TAG } from '../src/x509/der.ts'
import { type Name, readName } from '../src/x509/name.ts'

/** One element of at most 127 bytes. */
function tlv(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat(content)
  return Uint8Array.of(tag, bytes.length, ...bytes)
}

/** A list as a CRL has it, without its outer element. */
function listOf(contents: readonly Uint8Array[]): RevokedSerials {
  const date = tlv(TAG.utcTime, Buffer.from('260615120000Z'))
  const entries = contents.map((content, i) =>
    tlv(TAG.sequence, tlv(TAG.integer, content), date, ...(i % 2 === 0 ? [] : [tlv(TAG.sequence)])),
  )
  return new RevokedSerials(new DerReader(Buffer.concat(entries), 'crl'))
}

const textOf = (content: Uint8Array): string => readSerial(new DerReader(tlv(TAG.integer, content), 'certificate'))

// Few values, so that leading zeros, negative ones and numbers that differ in their length only are met.
const serial = fc
  .array(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), { minLength: 1, maxLength: 4 })
  .map((bytes) => Uint8Array.from(bytes))

describe('serial numbers of a revocation list', () => {
  it('are found by their last bytes first, and by all of them', () => {
    let found = 0
    fc.assert(
      fc.property(fc.array(serial, { maxLength: 6 }), serial, (revoked, asked) => {
        const list = listOf(revoked)
        const text = textOf(asked)
        const expected = revoked.some((one) => textOf(one) === text)
        for (let i = 0; i < 2; i++) assert.equal(list.has(text), expected, `${text}, time ${i}`)
        assert.deepEqual(list.all, new Set(revoked.map(textOf)))
        if (expected) found++
      }),
      { numRuns: 5000 },
    )
    assert.ok(found > 100, `${found} were found`)
  })

  it('are none of what is no serial number', () => {
    const list = listOf([Uint8Array.of(1), Uint8Array.of(0x80)])
    for (const text of ['', '-', '--01', '1', '0', '00', 'zz', '-01', '80', '0x01']) assert.equal(list.has(text), false)
    assert.equal(list.has('01'), true)
    assert.equal(list.has('-80'), true)
    assert.equal(list.has('-80 '), false)
  })
})

const CN = Uint8Array.of(0x55, 4, 3)
const O = Uint8Array.of(0x55, 4, 10)

type Attribute = readonly [type: Uint8Array, tag: number, text: string]

function nameOf(known: readonly Name[], ...attributes: readonly Attribute[]): Name {
  const sets = attributes.map(([type, tag, text]) =>
    tlv(TAG.set, tlv(TAG.sequence, tlv(TAG.oid, type), tlv(tag, Buffer.from(text)))),
  )
  const pool = known.map((subject) => ({ subject }))
  return readName(new DerReader(tlv(TAG.sequence, ...sets), 'certificate'), 'subject', pool)
}

describe('names read before', () => {
  it('stand for those with the same bytes, and for no others', () => {
    const known = nameOf([], [CN, TAG.utf8String, 'a root'], [O, TAG.utf8String, 'somebody'])
    assert.equal(nameOf([known], [CN, TAG.utf8String, 'a root'], [O, TAG.utf8String, 'somebody']), known)
    const written = nameOf([known], [CN, TAG.printableString, 'a root'], [O, TAG.utf8String, 'somebody'])
    assert.notEqual(written, known)
    assert.equal(written.key, known.key)
    const others = [
      nameOf([known], [CN, TAG.utf8String, 'a Root'], [O, TAG.utf8String, 'somebody']),
      nameOf([known], [O, TAG.utf8String, 'somebody'], [CN, TAG.utf8String, 'a root']),
      nameOf([known], [CN, TAG.utf8String, 'a root']),
      nameOf([known]),
    ]
    for (const [i, other] of others.entries()) assert.notEqual(other.key, known.key, `${i}`)
  })

  it('leave the reader where reading would', () => {
    const one = tlv(TAG.sequence, tlv(TAG.set, tlv(TAG.sequence, tlv(TAG.oid, CN), tlv(TAG.utf8String))))
    const reader = new DerReader(Buffer.concat([one, one, tlv(TAG.null)]), 'certificate')
    const first = readName(reader, 'issuer')
    assert.equal(readName(reader, 'subject', [{ subject: first }]), first)
    assert.equal(reader.peek(), TAG.null)
  })
})

/** The dotted form, put together anew each time. */
function dotted(content: Uint8Array): string | undefined {
  const arcs: number[] = []
  let value = 0
  for (const [i, byte] of content.entries()) {
    if (value === 0 && byte === 0x80) return undefined
    value = value * 128 + (byte & 0x7f)
    if (value > 0xffffffff) return undefined
    if (byte < 0x80) {
      arcs.push(value)
      value = 0
    } else if (i === content.length - 1) return undefined
  }
  const [first, ...others] = arcs
  if (first === undefined || content.length > 32) return undefined
  const root = first < 40 ? 0 : first < 80 ? 1 : 2
  return [root, first - 40 * root, ...others].join('.')
}

describe('object identifiers', () => {
  const bytes = fc.uint8Array({ maxLength: 34, max: 0x90 })
  const three = fc.uint8Array({ minLength: 3, maxLength: 3, max: 0x90 })

  it('read the same the first time and whenever they are met again', () => {
    let read = 0
    fc.assert(
      fc.property(fc.oneof(bytes, three), (content) => {
        const expected = dotted(content)
        assert.equal(oidOf(content), expected)
        assert.equal(oidOf(Uint8Array.from(content)), expected)
        if (expected !== undefined) read++
      }),
      { numRuns: 5000 },
    )
    assert.ok(read > 100, `${read} were object identifiers`)
  })

  it('are told apart by all of their bytes, and by how many they are', () => {
    for (let i = 0; i < 2; i++) {
      assert.equal(oidOf(Uint8Array.of(0x2a, 3, 40)), '1.2.3.40')
      assert.equal(oidOf(Uint8Array.of(0x2a, 4, 9)), '1.2.4.9')
      assert.equal(oidOf(Uint8Array.of(3, 9)), '0.3.9')
      assert.equal(oidOf(Uint8Array.of(0, 3, 9)), '0.0.3.9')
    }
  })
})
