import { toHex } from '@sekisho/evidence'

/** Bytes of base64 or base64url text, with or without padding; undefined where it is neither. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    // atob says nothing but "invalid"; the caller knows what was expected.
    return undefined
  }
}

/** Base64url without padding, as a fragment can carry it. */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

/** Text of bytes, where a byte that is not UTF-8 becomes a replacement character. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** SHA-256 in lower-case hex. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // A copy has a buffer of its own, which Web Crypto's types ask for.
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))))
}
