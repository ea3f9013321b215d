import { Reader } from '../core/bytes.ts'

/** Reads the fixed big-endian layouts of Secure Execution front to back. */
export class BigEndianReader extends Reader {
  be16(field: string): number {
    return Number(bigOf(this.bytes(2, field)))
  }

  be32(field: string): number {
    return Number(bigOf(this.bytes(4, field)))
  }

  be64(field: string): bigint {
    return bigOf(this.bytes(8, field))
  }
}

/** An unsigned big-endian number. */
export function bigOf(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

/** Bit n of a 64-bit word, counted from the most significant one as IBM does. */
export function msbBit(word: bigint, n: number): boolean {
  return ((word >> BigInt(63 - n)) & 1n) === 1n
}
