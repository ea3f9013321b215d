import { EvidenceError } from '../core/errors.ts'
import { decodeBase64 } from './pem.ts'

/**
 * Bytes of base64url without padding, white space or leftover bits.
 * @throws EvidenceError that names `field`
 * @see RFC 7515, section 2; RFC 4648, section 5
 */
export function decodeBase64url(text: string, field: string): Uint8Array {
  const bytes = /^[\w-]*$/.test(text) && text.length % 4 !== 1 ? decodeBase64(text) : undefined
  if (bytes === undefined)
    throw new EvidenceError('malformed', 'other text', { field, offset: 0, expected: 'base64url without padding' })
  return bytes
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Base64url of `bytes`, without padding. @see RFC 7515, section 2 */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const digits = Math.min(bytes.length - i, 3) + 1
    for (let k = 0; k < digits; k++) text += DIGITS.charAt((group >> (18 - 6 * k)) & 63)
  }
  return text
}
