import { toHex } from '../core/bytes.ts'
import { identify } from './binary.ts'

const MAX_FIELDS = 20_000
const MAX_DEPTH = 6
/** Numbers of fields in messages that people write; others begin much else. */
const LARGEST_NUMBER = 1000
/** Shorter bytes hold no evidence. */
const SHORTEST = 100

/**
 * Reads a message of Protocol Buffers whose schema is not known as a JSON value: fields by number, those that are there
 * several times as lists, bytes in hexadecimal, messages inside where bytes are one. Also behind the five bytes that
 * gRPC puts in front. What a field holds is a guess, so that only evidence in it counts.
 *
 * @returns undefined when the bytes are no such message from the first byte to the last
 * @see Protocol Buffers, encoding; gRPC over HTTP/2, length-prefixed messages
 */
export function decodeForeignProto(bytes: Uint8Array): unknown {
  const walk = new Walk({ left: MAX_FIELDS })
  return walk.message(isFramed(bytes) ? bytes.subarray(5) : bytes, 0)
}

function isFramed(bytes: Uint8Array): boolean {
  if (bytes.length < 5 || bytes[0] !== 0) return false
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(1) === bytes.length - 5
}

const VARINT = 0
const FIXED_64 = 1
const SIZED = 2
const FIXED_32 = 5

class Walk {
  readonly #budget: { left: number }

  constructor(budget: { left: number }) {
    this.#budget = budget
  }

  /** Fields by number; undefined for what is no message. */
  message(bytes: Uint8Array, depth: number): Readonly<Record<string, unknown>> | undefined {
    const values: Record<string, unknown[]> = {}
    let at = 0
    while (at < bytes.length) {
      const tag = varint(bytes, at)
      const number = tag === undefined ? 0 : Math.floor(tag.value / 8)
      if (tag === undefined || number < 1 || number > LARGEST_NUMBER || --this.#budget.left < 0) return undefined
      const field = this.#field(bytes, tag.end, tag.value % 8, depth)
      if (field === undefined || field.end > bytes.length) return undefined
      const list = values[number]
      if (list === undefined) values[number] = [field.value]
      else list.push(field.value)
      at = field.end
    }
    return Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.length === 1 ? list[0] : list]))
  }

  #field(bytes: Uint8Array, at: number, type: number, depth: number): Read | undefined {
    if (type === VARINT) return varint(bytes, at)
    if (type === FIXED_64 || type === FIXED_32) return { value: 0, end: at + (type === FIXED_64 ? 8 : 4) }
    const length = type === SIZED ? varint(bytes, at) : undefined
    if (length === undefined || length.value > bytes.length - length.end) return undefined
    const end = length.end + length.value
    return { value: this.#content(bytes.subarray(length.end, end), depth), end }
  }

  #content(content: Uint8Array, depth: number): unknown {
    if (content.length < SHORTEST || depth === MAX_DEPTH || identify(content) !== undefined) return toHex(content)
    return this.message(content, depth + 1) ?? toHex(content)
  }
}

interface Read<T = unknown> {
  readonly value: T
  readonly end: number
}

const MAX_VARINT = 10

/** A number, exact as long as lengths and tags may be. */
function varint(bytes: Uint8Array, start: number): Read<number> | undefined {
  let value = 0
  for (let i = 0; i < MAX_VARINT; i++) {
    const byte = bytes[start + i]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, end: start + i + 1 }
  }
  return undefined
}
