import { base64DigitCount, base64Digits, hexBytes } from './text-rules.ts'

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/** Lower-case hexadecimal of `bytes`, in memory order. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length < SHORT) return joined(bytes)
  if (bytes.length > desk.length) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  desk.set(bytes)
  return desk.toString('hex', 0, bytes.length)
}

const SHORT = 16

// Where bytes are put to be read: making a Buffer of each costs as much again. Evidence is no secret.
const desk: Buffer = Buffer.alloc(1024)

// A call to the platform takes longer than a few digits.
function joined(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i] as number]
  return text
}

/**
 * Bytes of an even-length hexadecimal string of either case.
 * @returns undefined when `text` is anything else.
 */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length <= FEW_DIGITS) return hexBytes(text)
  // Asked first: the platform takes some letters of other scripts for digits.
  if (text.length % 2 !== 0 || Buffer.byteLength(text) !== text.length) return undefined
  const bytes = new Uint8Array(text.length / 2)
  // It stops at a wrong digit, without a word.
  return Buffer.from(bytes.buffer).write(text, 'hex') === bytes.length ? bytes : undefined
}

const FEW_DIGITS = 128

/**
 * Bytes of base64 or base64url text, padded or not; white space is skipped.
 * @returns undefined for any other character, for padding in the middle, and for leftover bits that are not zero
 * @see RFC 4648, sections 4 and 5
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = base64Digits(text)
  if (digits === undefined) return undefined
  // Not Buffer.from: that hands out views on memory which it shares between all.
  const bytes = new Uint8Array(Math.floor((base64DigitCount(digits) * 3) / 4))
  Buffer.from(bytes.buffer).write(digits, 'base64')
  return bytes
}

/** Whether two byte strings are equal. Not constant time: evidence and endorsements are public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  if (a.length > LONG) return Buffer.compare(a, b) === 0
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

const LONG = 64
