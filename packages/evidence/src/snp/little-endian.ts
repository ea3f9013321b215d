/**
 * Two little-endian 72-byte numbers (R and S of a signature, X and Y of a key) as 96 bytes big-endian.
 * @returns undefined when one needs more than 48 bytes: cutting it would accept what nobody signed
 * @see AMD 56860, ECDSA P-384 formats
 */
export function pair384(first: Uint8Array, second: Uint8Array): Uint8Array | undefined {
  const pair = new Uint8Array(96)
  return reverse(first, pair, 0) && reverse(second, pair, 48) ? pair : undefined
}

function reverse(bytes: Uint8Array, into: Uint8Array, at: number): boolean {
  for (let i = 48; i < 72; i++) if (bytes[i] !== 0) return false
  for (let i = 0; i < 48; i++) into[at + i] = bytes[47 - i] as number
  return true
}
