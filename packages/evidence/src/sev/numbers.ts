/** A number of AMD's little-endian tables as big-endian bytes of `size`; undefined when it needs more. */
export function bigEndian(little: Uint8Array, size: number): Uint8Array | undefined {
  for (let i = size; i < little.length; i++) if (little[i] !== 0) return undefined
  // Not slice(): on a Buffer it does not copy, and reverse() would turn the evidence around.
  return new Uint8Array(little.subarray(0, size)).reverse()
}

/** Writes a 32-bit number, little-endian. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}
