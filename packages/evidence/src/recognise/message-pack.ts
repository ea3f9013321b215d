import { toHex } from '../core/bytes.ts'

const MAX_ITEMS = 200_000
const MAX_DEPTH = 16

/**
 * Reads a MessagePack map whose keys are text as a JSON value: byte strings in hexadecimal, what extends the format as
 * null. Only maps of up to 15 members, since other first bytes begin much else.
 *
 * @returns undefined when the bytes are no such map from the first byte to the last
 * @see the MessagePack specification, formats
 */
export function decodeMessagePack(bytes: Uint8Array): unknown {
  const first = bytes[0] ?? 0
  if (first < 0x81 || first > 0x8f) return undefined
  const walk = new Walk(bytes)
  const value = walk.item(0)
  return walk.isWhole ? value : undefined
}

/** What is not there, too deep, or no format of MessagePack: the walk has failed. */
const NOTHING = undefined

class Walk {
  readonly #bytes: Uint8Array
  #at = 0
  #left = MAX_ITEMS
  #failed = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isWhole(): boolean {
    return !this.#failed && this.#at === this.#bytes.length
  }

  item(depth: number): unknown {
    if (depth > MAX_DEPTH || --this.#left < 0) return this.#fail()
    const first = this.#number(1)
    if (this.#failed) return NOTHING
    if (first < 0x80) return first
    if (first < 0x90) return this.#map(first & 0x0f, depth)
    if (first < 0xa0) return this.#list(first & 0x0f, depth)
    if (first < 0xc0) return this.#text(first & 0x1f)
    if (first >= 0xe0) return first - 0x100
    return this.#long(first, depth)
  }

  #long(first: number, depth: number): unknown {
    switch (first) {
      case 0xc0:
        return null
      case 0xc2:
      case 0xc3:
        return first === 0xc3
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return toHex(this.#take(this.#number(1 << (first - 0xc4))))
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#number(1 << (first - 0xcc))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#number(1 << (first - 0xd9)))
      case 0xdc:
      case 0xdd:
        return this.#list(this.#number(2 << (first - 0xdc)), depth)
      case 0xde:
      case 0xdf:
        return this.#map(this.#number(2 << (first - 0xde)), depth)
      default:
        return this.#other(first)
    }
  }

  // Extensions, numbers below zero and with a point: nothing that evidence is made of.
  #other(first: number): unknown {
    const sizes: Readonly<Record<number, number>> = { 0xca: 4, 0xcb: 8, 0xd0: 1, 0xd1: 2, 0xd2: 4, 0xd3: 8 }
    const size = sizes[first]
    if (size !== undefined) this.#take(size)
    else if (first >= 0xc7 && first <= 0xc9) this.#take(this.#number(1 << (first - 0xc7)) + 1)
    else if (first >= 0xd4 && first <= 0xd8) this.#take((1 << (first - 0xd4)) + 1)
    else return this.#fail()
    return null
  }

  #list(count: number, depth: number): unknown {
    if (!this.#fits(count)) return this.#fail()
    const items: unknown[] = []
    for (let i = 0; i < count && !this.#failed; i++) items.push(this.item(depth + 1))
    return items
  }

  #map(count: number, depth: number): unknown {
    if (!this.#fits(2 * count)) return this.#fail()
    const object: Record<string, unknown> = Object.create(null)
    for (let i = 0; i < count && !this.#failed; i++) {
      const name = this.item(depth + 1)
      // A name twice would let two readers see different evidence.
      if (typeof name !== 'string' || name in object) return this.#fail()
      object[name] = this.item(depth + 1)
    }
    return object
  }

  #text(length: number): unknown {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(this.#take(length))
    } catch {
      // Text that is not UTF-8 is none.
      return this.#fail()
    }
  }

  #take(length: number): Uint8Array {
    if (!this.#fits(length)) this.#failed = true
    const start = this.#at
    if (!this.#failed) this.#at += length
    return this.#bytes.subarray(start, this.#at)
  }

  #number(size: number): number {
    let value = 0
    for (const byte of this.#take(size)) value = value * 256 + byte
    return value
  }

  /** Whether so many items, of a byte at least, are left. */
  #fits(count: number): boolean {
    return count <= this.#bytes.length - this.#at
  }

  #fail(): undefined {
    this.#failed = true
    return NOTHING
  }
}
