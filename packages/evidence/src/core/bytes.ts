import { EvidenceError } from './errors.ts'

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

const DIGITS: Uint8Array = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
const ascii: TextDecoder = new TextDecoder('latin1')
const line: Uint8Array = new Uint8Array(128)

/** Lower-case hexadecimal of `bytes`, in memory order. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length < SHORT) return joined(bytes)
  // One flat string: joining pieces leaves a chain of them behind, seven times the size.
  const digits = 2 * bytes.length <= line.length ? line : new Uint8Array(2 * bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    digits[2 * i] = DIGITS[byte >> 4] as number
    digits[2 * i + 1] = DIGITS[byte & 15] as number
  }
  return ascii.decode(digits.subarray(0, 2 * bytes.length))
}

const SHORT = 16

function joined(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i] as number]
  return text
}

/**
 * Bytes of an even-length hexadecimal string of either case.
 * @returns undefined when `text` is anything else.
 */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  let wrong = 0
  for (let i = 0; i < bytes.length; i++) {
    const high = NIBBLES[text.charCodeAt(2 * i)] ?? 0xff
    const low = NIBBLES[text.charCodeAt(2 * i + 1)] ?? 0xff
    wrong |= high | low
    bytes[i] = (high << 4) | low
  }
  return (wrong & 0xf0) === 0 ? bytes : undefined
}

const NIBBLES: Uint8Array = makeNibbles()

function makeNibbles(): Uint8Array {
  const nibbles = new Uint8Array(128).fill(0xff)
  for (let i = 0; i < 16; i++) {
    const digit = i.toString(16)
    nibbles[digit.charCodeAt(0)] = i
    nibbles[digit.toUpperCase().charCodeAt(0)] = i
  }
  return nibbles
}

/** Whether two byte strings are equal. Not constant time: evidence and endorsements are public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Whether every byte is zero; true for no bytes. */
export function allZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}

/** One byte string after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/**
 * Reads fixed little-endian layouts front to back. Every read is checked against the end, so that a
 * structure cut short is an {@link EvidenceError} `truncated` that names the field.
 */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  #at: number

  /** Reads `bytes` from `start` up to, not including, `end`; offsets in errors count from the start of `bytes`. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
    this.#end = end
  }

  /** Offset of the next byte to be read. */
  get offset(): number {
    return this.#at
  }

  /** Bytes left before the end. */
  get remaining(): number {
    return this.#end - this.#at
  }

  /** The next `length` bytes, as a view on the input. */
  bytes(length: number, field: string): Uint8Array {
    const start = this.#advance(length, field)
    return this.#bytes.subarray(start, start + length)
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#advance(1, field))
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#advance(2, field), true)
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#advance(4, field), true)
  }

  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#advance(8, field), true)
  }

  /** @throws EvidenceError `trailing-bytes` unless everything was read. */
  end(field: string): void {
    if (this.remaining === 0) return
    throw new EvidenceError('trailing-bytes', `${this.remaining} bytes are left over`, {
      field,
      offset: this.#at,
      expected: 'the end of the structure',
    })
  }

  #advance(length: number, field: string): number {
    const start = this.#at
    if (length > this.#end - start) {
      throw new EvidenceError('truncated', `${this.#end - start} bytes are left`, {
        field,
        offset: start,
        expected: `${length} bytes`,
      })
    }
    this.#at = start + length
    return start
  }
}
