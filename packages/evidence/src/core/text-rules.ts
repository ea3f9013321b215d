/** Whether `text` is hexadecimal of whole bytes, of either case. */
export function isHex(text: string): boolean {
  return text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text)
}

/**
 * The digits and padding of base64 or base64url text, without its white space.
 * @returns undefined for any other character, for padding in the middle, and for leftover bits that are not zero
 * @see RFC 4648, sections 4 and 5
 */
export function base64Digits(text: string): string | undefined {
  const digits = text.replace(/[ \t\r\n]+/g, '')
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
