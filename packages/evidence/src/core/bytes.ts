import { refuse } from './errors.ts'

export { equalBytes, fromHex, toHex } from '#text'

/** Whether every byte is zero; true for no bytes. */
export function allZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}

/** One byte string after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
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

/** A number as `size` bytes, the most significant first. */
export function bigEndian(value: number | bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let rest = BigInt(value)
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** A character for each byte. What decoders call latin1 is windows-1252 on most runtimes, which differs from 80 to 9f. */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
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
    throw refuse(field, `${this.remaining} bytes are left over`, 'the end of the structure', this.#at, 'trailing-bytes')
  }

  #advance(length: number, field: string): number {
    const start = this.#at
    if (length > this.#end - start) {
      throw refuse(field, `${this.#end - start} bytes are left`, `${length} bytes`, start, 'truncated')
    }
    this.#at = start + length
    return start
  }
}
