import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 random bits, base64url. */
export function newSecretText(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * What is kept of a secret of 256 random bits. A fast hash is enough: there is nothing to guess, and
 * slow hashes are for passwords.
 */
export function secretHash(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest()
}

/** Whether `secret` has this hash; takes as long whatever differs. */
export function isSecret(secret: string, hash: Uint8Array): boolean {
  const own = secretHash(secret)
  return hash.length === own.length && timingSafeEqual(own, hash)
}
