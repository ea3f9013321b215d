import { Crc32 } from './crc32.ts'
import { type EvidenceError, refuse } from './errors.ts'

/** Unpacks gzip: one member, of at most `most` bytes. @see RFC 1952, RFC 1951 @throws EvidenceError */
export function gunzip(bytes: Uint8Array, most: number): Uint8Array {
  const start = headerEnd(bytes)
  const input = new BitReader(bytes, start)
  const output = inflate(input, most)
  const end = input.byteOffset()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (end + 8 !== bytes.length) throw bad(end, `${bytes.length - end} bytes behind the data`, 'its digest and length')
  const crc = new Crc32()
  crc.update(output)
  if (view.getUint32(end, true) !== crc.value) throw bad(end, 'another digest', 'the CRC-32 of what was packed')
  if (view.getUint32(end + 4, true) !== output.length) throw bad(end + 4, 'another length', `${output.length}`)
  return output
}

// Optional parts of a header: digest, extra field, name, comment.
const FLAGS = { crc: 2, extra: 4, name: 8, comment: 16 } as const

function headerEnd(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0
  if (bytes.length < 18 || bytes[2] !== 8 || flags > 31) throw bad(2, 'another header', 'deflate')
  let at = 10
  if ((flags & FLAGS.extra) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  for (const flag of [FLAGS.name, FLAGS.comment]) {
    if ((flags & flag) === 0) continue
    const zero = bytes.indexOf(0, at)
    if (zero < 0) throw bad(at, 'a text without its end', 'a zero behind it')
    at = zero + 1
  }
  return (flags & FLAGS.crc) === 0 ? at : at + 2
}

/** Bits, the lowest of each byte first. */
class BitReader {
  readonly #bytes: Uint8Array
  #at: number
  #bit = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  bit(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw bad(this.#at, 'the end', 'more data')
    const bit = (byte >> this.#bit) & 1
    this.#bit = (this.#bit + 1) & 7
    if (this.#bit === 0) this.#at++
    return bit
  }

  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value |= this.bit() << i
    return value
  }

  /** Where the next whole byte is. */
  byteOffset(): number {
    return this.#bit === 0 ? this.#at : this.#at + 1
  }

  /** Bytes from the next whole one. */
  take(count: number): Uint8Array {
    const start = this.byteOffset()
    if (start + count > this.#bytes.length) throw bad(start, 'the end', `${count} bytes`)
    this.#at = start + count
    this.#bit = 0
    return this.#bytes.subarray(start, this.#at)
  }
}

/** Blocks may be empty, and each may have tables of its own. */
const MAX_BLOCKS = 4096

function inflate(input: BitReader, most: number): Uint8Array {
  const out = new Output(most)
  let last = 0
  for (let count = 0; last === 0; count++) {
    if (count === MAX_BLOCKS) throw bad(input.byteOffset(), 'a further block', `at most ${MAX_BLOCKS}`)
    last = input.bit()
    const kind = input.bits(2)
    if (kind === 0) stored(input, out)
    else if (kind === 1) compressed(input, out, FIXED)
    else if (kind === 2) compressed(input, out, readTables(input))
    else throw bad(input.byteOffset(), 'a block of kind 3', 'kind 0 to 2')
  }
  return out.bytes()
}

/** Grows as it is filled: a length that the input states is not believed. */
class Output {
  readonly #most: number
  #bytes: Uint8Array = new Uint8Array(4096)
  #length = 0

  constructor(most: number) {
    this.#most = most
  }

  push(byte: number): void {
    if (this.#length === this.#most) throw refuse('gzip', 'more data', `${this.#most} bytes`, 0, 'too-large')
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(Math.min(2 * this.#length, this.#most))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes[this.#length++] = byte
  }

  repeat(distance: number, length: number): void {
    if (distance > this.#length) throw bad(0, `a distance of ${distance}`, `at most ${this.#length}`)
    for (let i = 0; i < length; i++) this.push(this.#bytes[this.#length - distance] as number)
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

function stored(input: BitReader, out: Output): void {
  const [low = 0, high = 0, lowNot = 0, highNot = 0] = input.take(4)
  if ((low ^ lowNot) !== 0xff || (high ^ highNot) !== 0xff)
    throw bad(input.byteOffset(), 'another length', 'its complement')
  for (const byte of input.take(low + 256 * high)) out.push(byte)
}

/** A Huffman code: how many symbols there are of each length, and the symbols in order. */
interface Code {
  readonly counts: Uint16Array
  readonly symbols: Uint16Array
}

interface Tables {
  readonly literals: Code
  readonly distances: Code
}

const LONGEST = 15

function codeOf(lengths: ArrayLike<number>): Code {
  const counts = new Uint16Array(LONGEST + 1)
  for (let i = 0; i < lengths.length; i++) counts[lengths[i] as number] = (counts[lengths[i] as number] as number) + 1
  const starts = new Uint16Array(LONGEST + 2)
  let left = 1
  for (let length = 1; length <= LONGEST; length++) {
    left = 2 * left - (counts[length] as number)
    if (left < 0) throw bad(0, 'more codes than there can be', 'a Huffman code')
    starts[length + 1] = (starts[length] as number) + (counts[length] as number)
  }
  const symbols = new Uint16Array(lengths.length)
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number
    if (length === 0) continue
    symbols[starts[length] as number] = symbol
    starts[length] = (starts[length] as number) + 1
  }
  return { counts, symbols }
}

function symbolIn(input: BitReader, { counts, symbols }: Code): number {
  let code = 0
  let first = 0
  let index = 0
  for (let length = 1; length <= LONGEST; length++) {
    code |= input.bit()
    const count = counts[length] as number
    if (code - count < first) return symbols[index + code - first] as number
    index += count
    first = (first + count) << 1
    code <<= 1
  }
  throw bad(input.byteOffset(), 'a code that is none', 'a Huffman code')
}

const END = 256
// Of lengths from symbol 257, and of distances: the first of each symbol, and its further bits.
const LENGTHS: readonly number[] = [
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227],
  258,
]
const DISTANCES: readonly number[] = [
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097],
  ...[6145, 8193, 12289, 16385, 24577],
]

function lengthBits(index: number): number {
  return index < 8 || index === 28 ? 0 : (index >> 2) - 1
}

function distanceBits(index: number): number {
  return index < 4 ? 0 : (index >> 1) - 1
}

const FIXED: Tables = {
  literals: codeOf(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  distances: codeOf(Array.from({ length: 30 }, () => 5)),
}

function compressed(input: BitReader, out: Output, { literals, distances }: Tables): void {
  for (;;) {
    const symbol = symbolIn(input, literals)
    if (symbol === END) return
    if (symbol < END) {
      out.push(symbol)
      continue
    }
    const index = symbol - END - 1
    const shortest = LENGTHS[index]
    if (shortest === undefined) throw bad(input.byteOffset(), 'a code that is none', 'a length')
    const length = shortest + input.bits(lengthBits(index))
    const far = symbolIn(input, distances)
    const nearest = DISTANCES[far]
    if (nearest === undefined) throw bad(input.byteOffset(), 'a code that is none', 'a distance')
    out.repeat(nearest + input.bits(distanceBits(far)), length)
  }
}

const ORDER: readonly number[] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

function readTables(input: BitReader): Tables {
  const [literals, distances, codes] = [input.bits(5) + 257, input.bits(5) + 1, input.bits(4) + 4]
  const own = new Uint8Array(ORDER.length)
  for (const place of ORDER.slice(0, codes)) own[place] = input.bits(3)
  const code = codeOf(own)
  const lengths: number[] = []
  while (lengths.length < literals + distances) {
    const symbol = symbolIn(input, code)
    if (symbol < 16) {
      lengths.push(symbol)
      continue
    }
    const previous = symbol === 16 ? lengths.at(-1) : 0
    if (previous === undefined) throw bad(input.byteOffset(), 'a repetition of nothing', 'a length first')
    const times = symbol === 16 ? 3 + input.bits(2) : symbol === 17 ? 3 + input.bits(3) : 11 + input.bits(7)
    for (let i = 0; i < times; i++) lengths.push(previous)
  }
  if (lengths.length > literals + distances) throw bad(input.byteOffset(), 'too many lengths', 'one for each symbol')
  return { literals: codeOf(lengths.slice(0, literals)), distances: codeOf(lengths.slice(literals)) }
}

function bad(offset: number, found: string, expected: string): EvidenceError {
  return refuse('gzip', found, expected, offset)
}
