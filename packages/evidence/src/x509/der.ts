import { EvidenceError, refuse } from '../core/errors.ts'

/** One element of DER: `start` to `end` is its content in the bytes it was read from; `header` is where its tag stands. */
export interface Tlv {
  readonly tag: number
  readonly header: number
  readonly start: number
  readonly end: number
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/**
 * Walks definite-length DER: as much of X.690 as certificates, CRLs and signatures of this field use,
 * and strict in it (shortest lengths, single-byte tags). Every offset is from the start of `bytes`.
 *
 * @see ITU-T X.690, sections 8.1 and 10.1
 */
export class DerReader {
  readonly bytes: Uint8Array
  readonly end: number
  at: number
  readonly #what: string

  /** `what` names the structure in errors, e.g. `certificate`. */
  constructor(bytes: Uint8Array, what: string, start = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = start
    this.end = end
    this.#what = what
  }

  get done(): boolean {
    return this.at >= this.end
  }

  /** Tag of the next element, or -1 at the end. */
  peek(): number {
    return this.done ? -1 : (this.bytes[this.at] as number)
  }

  /** Moves behind the next element, whatever its tag. Returns where its content begins; it ends at `at`. */
  skipAny(field: string): number {
    const tag = this.#byte(field)
    if ((tag & 0x1f) === 0x1f) throw this.error('malformed', 'a multi-byte tag', 'a single-byte tag', field)
    const length = this.#length(field)
    const start = this.at
    if (length > this.end - start) {
      throw this.error('truncated', `${this.end - start} bytes are left`, `${length} bytes of content`, field)
    }
    this.at = start + length
    return start
  }

  /** As {@link skipAny}, for an element that must have the tag `tag`. */
  skipElement(tag: number, field: string): number {
    this.#demand(tag, field)
    return this.skipAny(field)
  }

  /** Reads the next element, whatever its tag, and moves behind it. */
  any(field: string): Tlv {
    const header = this.at
    const start = this.skipAny(field)
    return { tag: this.bytes[header] as number, header, start, end: this.at }
  }

  /** Reads the next element, which must have the tag `tag`. */
  element(tag: number, field: string): Tlv {
    this.#demand(tag, field)
    return this.any(field)
  }

  /** A reader over the content of the next element, which must have the tag `tag`. */
  inside(tag: number, field: string): DerReader {
    const start = this.skipElement(tag, field)
    return new DerReader(this.bytes, this.#what, start, this.at)
  }

  /** A reader over the content of an element that was read. */
  within(element: Tlv): DerReader {
    return new DerReader(this.bytes, this.#what, element.start, element.end)
  }

  /** The content of an element, as a view. */
  content(element: Tlv): Uint8Array {
    return this.bytes.subarray(element.start, element.end)
  }

  /** The whole element with its header, as a view. */
  whole(element: Tlv): Uint8Array {
    return this.bytes.subarray(element.header, element.end)
  }

  /** The dotted form of the next element, an OBJECT IDENTIFIER. */
  oid(field: string): string {
    const start = this.skipElement(TAG.oid, field)
    const text = oidText(this.bytes, start, this.at)
    if (text === undefined) throw this.error('malformed', 'bytes that are no OID', 'an object identifier', field)
    return text
  }

  /**
   * Content of the next element, an INTEGER, without the sign byte.
   * @throws EvidenceError when it is negative or not in its shortest form
   */
  unsigned(field: string, tag: number = TAG.integer): Uint8Array {
    const content = this.bytes.subarray(this.skipElement(tag, field), this.at)
    const [first, second] = content
    if (first === undefined) throw this.error('malformed', 'no bytes', 'an integer', field)
    if (first >= 0x80) throw this.error('malformed', 'a negative integer', 'an integer of zero or more', field)
    if (first === 0 && second !== undefined) {
      if (second < 0x80) throw this.error('malformed', 'an integer with needless zeros', 'its shortest form', field)
      return content.subarray(1)
    }
    return content
  }

  /** The next element, an INTEGER or ENUMERATED of at most four bytes, as a number. */
  smallInteger(field: string, tag: number = TAG.integer): number {
    const bytes = this.unsigned(field, tag)
    if (bytes.length > 4) throw this.error('too-large', `${bytes.length} bytes`, 'an integer of at most 4 bytes', field)
    let value = 0
    for (const byte of bytes) value = value * 256 + byte
    return value
  }

  boolean(field: string): boolean {
    const content = this.content(this.element(TAG.boolean, field))
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
      throw this.error('malformed', 'another value', 'a BOOLEAN of 00 or ff', field)
    }
    return content[0] === 0xff
  }

  /** Content of the next element, a BIT STRING of whole bytes. */
  bits(field: string): Uint8Array {
    const content = this.bytes.subarray(this.skipElement(TAG.bitString, field), this.at)
    if (content[0] !== 0) throw this.error('malformed', 'unused bits', 'a bit string of whole bytes', field)
    return content.subarray(1)
  }

  /** @throws EvidenceError unless everything was read */
  finish(field: string): void {
    if (!this.done) throw this.error('trailing-bytes', `${this.end - this.at} bytes are left over`, 'the end', field)
  }

  error(
    code: 'malformed' | 'truncated' | 'trailing-bytes' | 'too-large',
    found: string,
    expected: string,
    field: string,
  ): EvidenceError {
    return refuse(`${this.#what}.${field}`, found, expected, this.at, code)
  }

  #demand(tag: number, field: string): void {
    if (this.peek() === tag) return
    const found = this.done ? 'the end' : `tag 0x${this.peek().toString(16).padStart(2, '0')}`
    throw this.error('malformed', found, `tag 0x${tag.toString(16).padStart(2, '0')}`, field)
  }

  #byte(field: string): number {
    const byte = this.at < this.end ? this.bytes[this.at] : undefined
    if (byte === undefined) throw this.error('truncated', 'the end', 'another byte', field)
    this.at++
    return byte
  }

  #length(field: string): number {
    const first = this.#byte(field)
    if (first < 0x80) return first
    const count = first & 0x7f
    if (count === 0 || count > 3)
      throw this.error('malformed', 'a length of unusual form', 'a definite length of at most 3 bytes', field)
    const leading = this.#byte(field)
    let length = leading
    for (let i = 1; i < count; i++) length = length * 256 + this.#byte(field)
    if (length < 0x80 || leading === 0) {
      throw this.error('malformed', 'a length with needless bytes', 'the shortest length', field)
    }
    return length
  }
}

/** The dotted form of the content octets of an OBJECT IDENTIFIER; undefined when they are none. */
export function oidOf(content: Uint8Array): string | undefined {
  return oidText(content, 0, content.length)
}

// The dotted forms of those that names and extensions have, by their three bytes.
const SHORT: Map<number, string> = new Map()
const MOST = 256

function oidText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start !== 3) return dotted(bytes, start, end)
  const key = ((bytes[start] as number) << 16) | ((bytes[start + 1] as number) << 8) | (bytes[start + 2] as number)
  const text = SHORT.get(key) ?? dotted(bytes, start, end)
  if (text !== undefined && SHORT.size < MOST) SHORT.set(key, text)
  return text
}

// Undefined for anything but at most 32 bytes of arcs in their shortest form, none above 32 bits.
function dotted(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start === end || end - start > 32 || (bytes[end - 1] as number) >= 0x80) return undefined
  let text = ''
  let value = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (value === 0 && byte === 0x80) return undefined
    value = value * 128 + (byte & 0x7f)
    if (value > 0xffffffff) return undefined
    if (byte >= 0x80) continue
    const root = Math.min(Math.floor(value / 40), 2)
    text += text === '' ? `${root}.${value - 40 * root}` : `.${value}`
    value = 0
  }
  return text
}

/** One element of DER without the zero that Intel's library puts behind it; anything else as it is. */
export function withoutZero(der: Uint8Array): Uint8Array {
  if (der[der.length - 1] !== 0) return der
  try {
    const reader = new DerReader(der, 'DER')
    reader.skipElement(0x30, 'element')
    return reader.at === der.length - 1 ? der.subarray(0, -1) : der
  } catch (error) {
    // Whoever reads it says what is wrong with it.
    if (error instanceof EvidenceError) return der
    throw error
  }
}
