/** A number in so many bytes, big-endian, as TPM structures have it. */
export function uint(value: number, size: 2 | 4): Uint8Array {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return new Uint8Array(bytes)
}

/** Byte strings one after the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** A TPM2B: 16 bits of size, then the bytes. @throws RangeError when they are more than that counts */
export function sized(bytes: Uint8Array): Uint8Array {
  return join(uint(bytes.length, 2), bytes)
}
