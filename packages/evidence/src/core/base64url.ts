import { decodeBase64 } from '#text'
import { latin1 } from './bytes.ts'
import { refuse } from './errors.ts'

/**
 * Bytes of base64url without padding, white space or leftover bits.
 * @throws EvidenceError that names `field`
 * @see RFC 7515, section 2; RFC 4648, section 5
 */
export function decodeBase64url(text: string, field: string): Uint8Array {
  const bytes = /^[\w-]*$/.test(text) && text.length % 4 !== 1 ? decodeBase64(text) : undefined
  if (bytes === undefined) throw refuse(field, 'other text', 'base64url without padding')
  return bytes
}

/** Base64url of `bytes`, without padding. @see RFC 7515, section 2 */
export function encodeBase64url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Base64 of `bytes`, padded. @see RFC 4648, section 4 */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(latin1(bytes))
}
