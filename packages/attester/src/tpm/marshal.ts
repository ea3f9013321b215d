import { TpmError } from './errors.ts'

/** Largest command and response that are sent and read. @see TCG PC Client Platform TPM Profile: TPM_PT_MAX_RESPONSE_SIZE */
export const MAX_MESSAGE = 4096

/** A number in 8, 16, 32 or 64 bits, big-endian. */
export function uint(value: number | bigint, size: 1 | 2 | 4 | 8): Uint8Array {
  const bytes = new Uint8Array(size)
  let rest = BigInt(value)
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** Byte strings one after the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** A TPM2B: 16 bits of size, then the bytes. @throws TypeError when they are more than a command holds */
export function sized(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_MESSAGE) throw new TypeError(`${bytes.length} bytes do not fit into a command to a TPM`)
  return join(uint(bytes.length, 2), bytes)
}

/** A TPM2B of nothing. */
export const NOTHING: Uint8Array = uint(0, 2)

/** Reads a response front to back; every length is checked against what is there, and errors name the field. */
export class ResponseReader {
  readonly #bytes: Uint8Array
  readonly #what: string
  #at = 0

  /** `what` names the response in errors. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  get offset(): number {
    return this.#at
  }

  /** The next `length` bytes, as a copy. */
  bytes(length: number, field: string): Uint8Array {
    if (length > this.remaining) throw this.error(field, `${this.remaining} bytes are left, not ${length}`)
    const start = this.#at
    this.#at += length
    return this.#bytes.slice(start, start + length)
  }

  /** An unsigned number of up to 32 bits. */
  uint(size: 1 | 2 | 4, field: string): number {
    let value = 0
    for (const byte of this.bytes(size, field)) value = value * 256 + byte
    return value
  }

  /** A count of list elements. */
  count(max: number, field: string): number {
    const count = this.uint(4, field)
    if (count > max) throw this.error(field, `${count} is more than ${max}`)
    return count
  }

  /** A TPM2B of at most `max` bytes, without its size. */
  sized(max: number, field: string): Uint8Array {
    const size = this.uint(2, `${field}.size`)
    if (size > max) throw this.error(`${field}.size`, `${size} bytes are more than ${max}`)
    return this.bytes(size, field)
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.bytes(this.remaining, 'rest')
  }

  /** @throws TpmError unless everything was read */
  end(): void {
    if (this.remaining > 0) throw this.error('end', `${this.remaining} bytes are left over`)
  }

  error(field: string, problem: string): TpmError {
    return new TpmError('response', `the answer to ${this.#what} cannot be read: ${field}: ${problem}`)
  }
}
