/**
 * Bytes of an even-length hexadecimal string of either case.
 * @returns undefined when `text` is anything else.
 */
export function hexBytes(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (nibble(text, 2 * i) << 4) | nibble(text, 2 * i + 1)
  return bytes
}

// The low bits of a digit count from 0, those of a letter from 1.
function nibble(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return (code & 15) + (code > 64 ? 9 : 0)
}

/**
 * The digits and padding of base64 or base64url text, without its white space.
 * @returns undefined for any other character, for padding in the middle, and for leftover bits that are not zero
 * @see RFC 4648, sections 4 and 5
 */
export function base64Digits(text: string): string | undefined {
  // Each kind of blank by itself: PEM has line feeds alone, and all at once take three times as long.
  let digits = text
  for (const blank of ['\n', '\r', ' ', '\t']) if (digits.includes(blank)) digits = digits.replaceAll(blank, '')
  if (!/^[\w+/-]*={0,2}$/.test(digits)) return undefined
  const count = base64DigitCount(digits)
  const last = count % 4
  const padding = digits.length - count
  if (last === 1 || (padding > 0 && padding + last !== 4)) return undefined
  // The last digit of two has four bits too many, that of three has two.
  const isWhole = last === 0 || (last === 2 ? 'AQgw' : 'AEIMQUYcgkosw048').includes(digits.charAt(count - 1))
  return isWhole ? digits : undefined
}

/** How many of them are no padding. */
export function base64DigitCount(digits: string): number {
  return digits.length - (digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0)
}
