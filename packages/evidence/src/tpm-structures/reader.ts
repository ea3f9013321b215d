import { bigEndian, concatBytes } from '../core/bytes.ts'
import { type EvidenceError, type EvidenceErrorCode, refuse } from '../core/errors.ts'

/**
 * Reads TPM structures front to back: numbers are big-endian, byte strings carry a 16-bit size. Every
 * read is checked against the end, and errors name the field.
 * @see TCG TPM 2.0 Library, part 2, section 4
 */
export class TpmReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #what: string
  #at = 0

  /** `what` names the structure in errors, e.g. `TPMS_ATTEST`. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#what = what
  }

  get offset(): number {
    return this.#at
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  /** The next `length` bytes, as a view on the input. */
  bytes(length: number, field: string): Uint8Array {
    const start = this.#advance(length, field)
    return this.#bytes.subarray(start, start + length)
  }

  /** The bytes from `start` up to the next one to be read, as a view. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#at)
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#advance(1, field))
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#advance(2, field))
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#advance(4, field))
  }

  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#advance(8, field))
  }

  /** A TPM2B of at most `max` bytes, without its size. */
  sized(max: number, field: string): Uint8Array {
    const at = this.#at
    const size = this.u16(`${field}.size`)
    if (size > max) throw this.error('too-large', `${size} bytes`, `${field}.size`, `at most ${max} bytes`, at)
    return this.bytes(size, field)
  }

  /** @throws EvidenceError `trailing-bytes` unless everything was read */
  end(): void {
    if (this.remaining > 0)
      throw this.error('trailing-bytes', `${this.remaining} bytes are left over`, 'end', 'the end of the structure')
  }

  error(
    code: EvidenceErrorCode,
    found: string,
    field: string,
    expected: string,
    offset: number = this.#at,
  ): EvidenceError {
    return refuse(`${this.#what}.${field}`, found, expected, offset, code)
  }

  #advance(length: number, field: string): number {
    const start = this.#at
    if (length > this.remaining)
      throw this.error('truncated', `${this.remaining} bytes are left`, field, `${length} bytes`)
    this.#at = start + length
    return start
  }
}

/** A TPM2B: the size in 16 bits, then the bytes. */
export function sized(bytes: Uint8Array): Uint8Array {
  return concatBytes(bigEndian(bytes.length, 2), bytes)
}
