import { type CipherKey, createCipheriv, createDecipheriv } from 'node:crypto'

/** Bytes of an AES-GCM nonce (NIST SP 800-38D, 8.2.1). */
export const NONCE_BYTES = 12
/** Bytes of an AES-GCM tag. */
export const TAG_BYTES = 16

/** AES-256-GCM: ciphertext and tag. */
export function gcmSeal(key: CipherKey, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Opens what {@link gcmSeal} made. @throws when anything was altered, or is too short */
export function gcmOpen(key: CipherKey, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array {
  if (sealed.length < TAG_BYTES) throw new RangeError('shorter than a tag')
  const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(aad)
  cipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  return Buffer.concat([cipher.update(sealed.subarray(0, -TAG_BYTES)), cipher.final()])
}
