import { type EvidenceError, refuse } from '../core/errors.ts'
import type { CborEntry, CborInteger, CborItem, CborText } from './item.ts'

/** What is decoded, and how much of it is accepted. */
export interface CborBounds {
  /** Name of the structure, for errors. */
  readonly field: string
  /** First byte, default 0, and the first byte behind, default the end. Offsets of items count from the start of the bytes. */
  readonly start?: number
  readonly end?: number
  /** Most items in all, default 4096. */
  readonly maxItems?: number
}

const MAX_DEPTH = 16
const MAX_ITEMS = 4096
const BREAK = 0xff
/** Keys of a map that are compared one by one. */
const FEW = 24

/**
 * Decodes exactly one CBOR item; nothing may follow it. Byte strings are views on `bytes`.
 *
 * Arrays and maps may be of indefinite length, strings not: no evidence has such strings. Keys of maps
 * are integers or text, and none occurs twice. At most 16 levels deep.
 *
 * @throws EvidenceError
 * @see RFC 8949, sections 3 and 5.6
 */
export function decodeCbor(bytes: Uint8Array, bounds: CborBounds): CborItem {
  const walk = new Walk(bytes, bounds)
  const item = walk.item(0)
  walk.finish()
  return item
}

interface Head {
  readonly offset: number
  readonly major: number
  /** -1 for an indefinite length. */
  readonly argument: number | bigint
  /** Low five bits of the first byte. */
  readonly info: number
}

class Walk {
  readonly #bytes: Uint8Array
  readonly #field: string
  readonly #end: number
  #at: number
  #left: number

  constructor(bytes: Uint8Array, { field, start = 0, end = bytes.length, maxItems = MAX_ITEMS }: CborBounds) {
    this.#bytes = bytes
    this.#field = field
    this.#at = start
    this.#end = end
    this.#left = maxItems
  }

  finish(): void {
    if (this.#at === this.#end) return
    throw this.#error('trailing-bytes', `${this.#end - this.#at} bytes are left over`, 'the end of the CBOR item')
  }

  item(depth: number): CborItem {
    if (depth > MAX_DEPTH) throw this.#error('too-large', 'a deeper level', `at most ${MAX_DEPTH} levels`)
    if (--this.#left < 0) throw this.#error('too-large', 'a further item', 'fewer CBOR items')
    const head = this.#head()
    const { offset } = head
    switch (head.major) {
      case 0:
        return { type: 'integer', value: head.argument, offset, end: this.#at }
      case 1:
        return { type: 'integer', value: negative(head.argument), offset, end: this.#at }
      case 2:
        return { type: 'bytes', value: this.#string(head), offset, end: this.#at }
      case 3:
        return this.#text(head)
      case 4:
        return this.#array(head, depth)
      case 5:
        return this.#map(head, depth)
      case 6:
        return this.#tag(head, depth)
      default:
        return this.#simple(head)
    }
  }

  #head(): Head {
    const offset = this.#at
    const first = this.#byte()
    const major = first >> 5
    const info = first & 0x1f
    if (info < 24) return { offset, major, argument: info, info }
    if (info === 31) {
      if (major !== 4 && major !== 5)
        throw this.#error('malformed', 'an indefinite length or a break', 'a definite item', offset)
      return { offset, major, argument: -1, info }
    }
    if (info > 27) throw this.#error('malformed', `additional information ${info}`, '0 to 27 or 31', offset)
    return { offset, major, argument: this.#number(1 << (info - 24)), info }
  }

  #number(size: number): number | bigint {
    let value = 0
    let big = 0n
    for (let i = 0; i < size; i++) {
      const byte = this.#byte()
      value = value * 256 + byte
      if (size === 8) big = (big << 8n) | BigInt(byte)
    }
    return Number.isSafeInteger(value) ? value : big
  }

  #byte(): number {
    if (this.#at >= this.#end) throw this.#error('truncated', 'the end', 'another byte')
    return this.#bytes[this.#at++] as number
  }

  /** A length or count that what remains can hold: each item or byte takes at least `unit` bytes. */
  #count({ argument, offset }: Head, unit: number): number {
    const remaining = this.#end - this.#at
    if (typeof argument === 'bigint' || argument * unit > remaining) {
      throw this.#error(
        'truncated',
        `a length of ${argument} where ${remaining} bytes are left`,
        'a length within the input',
        offset,
      )
    }
    return argument
  }

  #string(head: Head): Uint8Array {
    const length = this.#count(head, 1)
    const start = this.#at
    this.#at += length
    return this.#bytes.subarray(start, this.#at)
  }

  #text(head: Head): CborText {
    const content = this.#string(head)
    const value = utf8(content)
    if (value === undefined) throw this.#error('malformed', 'bytes that are not UTF-8', 'text in UTF-8', head.offset)
    return { type: 'text', value, offset: head.offset, end: this.#at }
  }

  #array(head: Head, depth: number): CborItem {
    const items: CborItem[] = []
    const indefinite = head.argument === -1
    const count = indefinite ? Number.POSITIVE_INFINITY : this.#count(head, 1)
    while (items.length < count && !(indefinite && this.#break())) items.push(this.item(depth + 1))
    return { type: 'array', items, indefinite, offset: head.offset, end: this.#at }
  }

  #map(head: Head, depth: number): CborItem {
    const entries: CborEntry[] = []
    let seen: Set<number | bigint | string> | undefined
    const indefinite = head.argument === -1
    const count = indefinite ? Number.POSITIVE_INFINITY : this.#count(head, 2)
    while (entries.length < count && !(indefinite && this.#break())) {
      const key = this.#key(depth + 1)
      // A set costs more than a few comparisons; the keys of a hostile map are many.
      if (entries.length === FEW) seen = new Set(entries.map((entry) => entry.key.value))
      if (seen === undefined ? entries.some((entry) => entry.key.value === key.value) : seen.has(key.value))
        throw this.#error('malformed', 'a key a second time', 'each key of a map once', key.offset)
      seen?.add(key.value)
      entries.push({ key, value: this.item(depth + 1) })
    }
    return { type: 'map', entries, indefinite, offset: head.offset, end: this.#at }
  }

  #key(depth: number): CborInteger | CborText {
    const key = this.item(depth)
    if (key.type === 'integer' || key.type === 'text') return key
    throw this.#error('malformed', `a key of type ${key.type}`, 'an integer or text as key', key.offset)
  }

  #break(): boolean {
    if (this.#bytes[this.#at] !== BREAK || this.#at >= this.#end) return false
    this.#at++
    return true
  }

  #tag(head: Head, depth: number): CborItem {
    const item = this.item(depth + 1)
    return { type: 'tag', tag: head.argument, item, offset: head.offset, end: this.#at }
  }

  #simple({ argument, info, offset }: Head): CborItem {
    if (info > 24) return { type: 'float', offset, end: this.#at }
    // One-byte simple values below 32 are not well-formed: they have a form of their own.
    if (info === 24 && (argument as number) < 32)
      throw this.#error('malformed', 'a simple value in the wrong form', 'its short form', offset)
    return { type: 'simple', value: Number(argument), offset, end: this.#at }
  }

  #error(code: EvidenceError['code'], found: string, expected: string, offset: number = this.#at): EvidenceError {
    return refuse(this.#field, found, expected, offset, code)
  }
}

function negative(argument: number | bigint): number | bigint {
  if (typeof argument === 'bigint') return -1n - argument
  const value = -1 - argument
  return Number.isSafeInteger(value) ? value : BigInt(value)
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// Texts in evidence are short and ASCII: that is several times faster than a decoder.
function utf8(content: Uint8Array): string | undefined {
  if (content.length > SHORT) return decoded(content)
  for (let i = 0; i < content.length; i++) if ((content[i] as number) >= 0x80) return decoded(content)
  return Reflect.apply(String.fromCharCode, undefined, content)
}

const SHORT = 256

function decoded(content: Uint8Array): string | undefined {
  try {
    return DECODER.decode(content)
  } catch {
    // The caller names the place.
    return undefined
  }
}
