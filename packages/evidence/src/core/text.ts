import { base64Digits } from './text-rules.ts'

export { hexBytes as fromHex } from './text-rules.ts'

const DIGITS: Uint8Array = /* @__PURE__ */ new TextEncoder().encode('0123456789abcdef')
const ascii: TextDecoder = /* @__PURE__ */ new TextDecoder('latin1')
const line: Uint8Array = /* @__PURE__ */ new Uint8Array(128)

/** Lower-case hexadecimal of `bytes`, in memory order. */
export function toHex(bytes: Uint8Array): string {
  // One flat string: joining pieces leaves a chain of them behind, seven times the size.
  const digits = 2 * bytes.length <= line.length ? line : new Uint8Array(2 * bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    digits[2 * i] = DIGITS[byte >> 4] as number
    digits[2 * i + 1] = DIGITS[byte & 15] as number
  }
  return ascii.decode(digits.subarray(0, 2 * bytes.length))
}

/**
 * Bytes of base64 or base64url text, padded or not; white space is skipped.
 * @returns undefined for any other character, for padding in the middle, and for leftover bits that are not zero
 * @see RFC 4648, sections 4 and 5
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = base64Digits(text)
  if (digits === undefined) return undefined
  const letters = atob(digits.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(letters.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i)
  return bytes
}

/** Whether two byte strings are equal. Not constant time: evidence and endorsements are public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
