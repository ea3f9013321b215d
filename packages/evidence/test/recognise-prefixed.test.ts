import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeSnp } from '@sekisho/emulator/kit'
import { concatBytes } from '../src/core/bytes.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise } from '../src/recognise/index.ts'
import { makeDocument } from './nitro-kit.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const QUOTE = makeSgx().evidence
const REPORT = makeSnp().evidence
const CERTIFICATE = Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x05)

function fault(input: Uint8Array): EvidenceError {
  try {
    recognise(input)
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return error
  }
  return assert.fail('this should not have been recognised')
}

const little = (value: number): Uint8Array => Uint8Array.of(value, value >> 8, value >> 16, value >> 24)
const big = (value: number): Uint8Array => little(value).reverse()

describe('recognise: attestations of dstack', () => {
  const compact = (value: number): Uint8Array =>
    value < 64
      ? Uint8Array.of(value << 2)
      : value < 16384
        ? little((value << 2) | 1).slice(0, 2)
        : little((value << 2) | 2)
  const vector = (bytes: Uint8Array): Uint8Array => concatBytes(compact(bytes.length), bytes)

  it('a quote of SGX or TDX and a Nitro document', () => {
    for (const [variant, evidence] of [
      [0, QUOTE],
      [1, QUOTE],
      [2, makeDocument()],
      [2, makeDocument({ tagged: true })],
    ] as const) {
      const found = recognise(concatBytes(Uint8Array.of(0, variant), vector(evidence), new Uint8Array(80)))
      assert.equal(hex(found.evidence), hex(evidence))
      assert.equal(found.wrappers[0]?.name, 'dstack attestation')
      assert.match(found.unused.join(), /what dstack says of the machine/)
    }
  })

  it('an SEV-SNP report with its certificates, which are left out where they are cut short', () => {
    const front = concatBytes(Uint8Array.of(0, 3), vector(REPORT))
    const chain = concatBytes(compact(2), vector(CERTIFICATE), vector(CERTIFICATE))
    const found = recognise(concatBytes(front, chain, vector(utf8('{}'))))
    assert.deepEqual(
      found.companions.map(({ kind, from, bytes }) => [kind, from, hex(bytes)]),
      [
        ['certificates', 'cert_chain[0]', hex(CERTIFICATE)],
        ['certificates', 'cert_chain[1]', hex(CERTIFICATE)],
      ],
    )
    for (const cut of [front, concatBytes(front, chain.slice(0, -1)), concatBytes(front, Uint8Array.of(3))])
      assert.deepEqual(recognise(cut).companions, [])
  })

  it('other kinds, other content and lengths beyond the end stay refused', () => {
    for (const bytes of [
      ...[concatBytes(Uint8Array.of(0, 5), vector(QUOTE)), concatBytes(Uint8Array.of(1, 0), vector(QUOTE))],
      ...[concatBytes(Uint8Array.of(0, 0), vector(QUOTE)).slice(0, -1), Uint8Array.of(0, 0, 3, 0xff, 0xff)],
      concatBytes(Uint8Array.of(0, 0), vector(new Uint8Array(500).fill(7))),
    ])
      assert.match(fault(bytes).message, /bytes that begin like nothing known/)
  })
})

describe('recognise: arguments of contracts', () => {
  const word = (value: number): Uint8Array => concatBytes(new Uint8Array(28), big(value))
  const padded = (bytes: Uint8Array): Uint8Array => concatBytes(bytes, new Uint8Array((32 - (bytes.length % 32)) % 32))
  const encoded = concatBytes(word(32), word(QUOTE.length), padded(QUOTE))

  it('bytes alone, behind a selector, and beside other arguments', () => {
    const call = concatBytes(Uint8Array.of(0x38, 0xd8, 0x48, 0x0a), encoded)
    for (const [input, name] of [
      [encoded, 'ABI encoding'],
      [call, 'ABI encoding of a call of 0x38d8480a'],
    ] as const) {
      const found = recognise(input)
      assert.equal(hex(found.evidence), hex(QUOTE))
      assert.equal(found.wrappers[0]?.name, name)
      assert.deepEqual(found.unused, [])
      assert.equal(hex(recognise(utf8(`0x${hex(input)}`)).evidence), hex(QUOTE))
    }
    const two = concatBytes(word(5), word(64), word(QUOTE.length), padded(QUOTE), word(7))
    assert.equal(hex(recognise(two).evidence), hex(QUOTE))
    assert.deepEqual(recognise(two).unused, ['other arguments'])
  })

  it('offsets and lengths that do not fit stay refused', () => {
    const at = (i: number, value: number): Uint8Array => {
      const bytes = encoded.slice()
      bytes[i] = value
      return bytes
    }
    const strange = concatBytes(word(32), word(500), padded(new Uint8Array(500).fill(7)))
    for (const bytes of [at(31, 33), at(0, 1), at(28, 0xff), at(60, 0xff), encoded.slice(0, -64), strange])
      assert.match(fault(bytes).message, /bytes that begin like nothing known/)
  })
})

describe('recognise: evidence behind its length', () => {
  it('four bytes in either order, or eight', () => {
    const lengths = [little(QUOTE.length), big(QUOTE.length), concatBytes(little(QUOTE.length), new Uint8Array(4))]
    for (const length of lengths) {
      const found = recognise(concatBytes(length, QUOTE))
      assert.equal(hex(found.evidence), hex(QUOTE))
      assert.equal(found.wrappers[0]?.name, 'bytes behind their length')
      assert.match(fault(concatBytes(length, QUOTE, Uint8Array.of(0))).message, /begin like nothing known/)
    }
    assert.match(fault(concatBytes(little(200), new Uint8Array(200).fill(9))).message, /begin like nothing known/)
  })
})

describe('recognise: the buffer in which a TD gets its quote', () => {
  const header = (status: number, length: number): Uint8Array =>
    concatBytes(little(1), new Uint8Array(4), little(status), new Uint8Array(4), little(1024), little(length))

  it('with zeros behind the quote, or none', () => {
    for (const rest of [0, 3000]) {
      const found = recognise(concatBytes(header(0, QUOTE.length), QUOTE, new Uint8Array(rest)))
      assert.equal(hex(found.evidence), hex(QUOTE))
      assert.equal(found.wrappers[0]?.name, 'buffer in which a TD gets its quote')
    }
  })

  it('with the answer of a quote service inside', () => {
    const answer = concatBytes(
      big(24 + QUOTE.length),
      new Uint8Array(16).fill(1),
      little(0),
      little(QUOTE.length),
      QUOTE,
    )
    assert.equal(hex(recognise(concatBytes(header(0, answer.length), answer)).evidence), hex(QUOTE))
  })

  it('a status, a length beyond the end and other bytes behind it stay refused', () => {
    for (const bytes of [
      ...[concatBytes(header(1, QUOTE.length), QUOTE), concatBytes(header(0, QUOTE.length + 1), QUOTE)],
      ...[
        concatBytes(header(0, QUOTE.length), QUOTE, Uint8Array.of(1)),
        concatBytes(header(0, 500), new Uint8Array(500).fill(7)),
      ],
    ])
      assert.match(fault(bytes).message, /begin like nothing known/)
  })
})

describe('recognise: what it can only name', () => {
  it('a token that a shared key made', () => {
    const mac = Uint8Array.of(0xd1, 0x84, 0x43, 0xa1, 0x01, 0x05, 0xa0, 0x41, 0xa0, 0x41, 0x00)
    for (const bytes of [mac, concatBytes(Uint8Array.of(0xd8, 0x3d), mac)])
      assert.match(fault(bytes).message, /COSE_Mac0, .* only who has the key that made it can check it/)
    assert.doesNotMatch(fault(Uint8Array.of(0xd1, 0x83, ...mac.slice(2))).message, /COSE_Mac0/)
  })

  it('a quote with an EPID signature', () => {
    const quote = concatBytes(Uint8Array.of(2, 0, 1, 0), new Uint8Array(428), little(680), new Uint8Array(680).fill(3))
    assert.match(fault(quote).message, /EPID signature, which only Intel's attestation service could check/)
    assert.doesNotMatch(fault(quote.slice(0, -1)).message, /EPID/)
  })
})
