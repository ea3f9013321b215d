import { createPublicKey, generateKeyPair, type JsonWebKey, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { VaultError } from './errors.ts'

/** Kinds of keys that the vault generates. */
export type KeyType = 'aes-256' | 'ec-p256' | 'ec-p384' | 'ed25519' | 'rsa-3072'

/** All of {@link KeyType}. */
export const KEY_TYPES: readonly KeyType[] = ['aes-256', 'ec-p256', 'ec-p384', 'ed25519', 'rsa-3072']

/** A key that was just generated; its private half is released only as a secret is. */
export interface KeyMaterial {
  readonly type: KeyType
  /** JSON of the private (or symmetric) JSON Web Key. */
  readonly privateJwk: Uint8Array
  /** Undefined for a symmetric key. */
  readonly publicJwk?: JsonWebKey
}

/** Content type of a released key (RFC 7517, 8.5.1). */
export const JWK_CONTENT_TYPE = 'application/jwk+json'

const pairOf = promisify(generateKeyPair)

/**
 * Generates a key. RSA takes up to a second on a thread of its own: call this before a transaction
 * begins, not in it.
 *
 * @throws VaultError `invalid` for an unknown type
 */
export async function generateKeyMaterial(type: KeyType): Promise<KeyMaterial> {
  const privateJwk = await generate(type)
  const publicJwk = publicHalf(privateJwk)
  const bytes = Buffer.from(JSON.stringify(privateJwk))
  return publicJwk === undefined ? { type, privateJwk: bytes } : { type, privateJwk: bytes, publicJwk }
}

/** The public half of a private JWK in JSON, as the vault stores it; undefined for a symmetric key. */
export function publicJwkOf(privateJwk: Uint8Array): JsonWebKey | undefined {
  return publicHalf(JSON.parse(Buffer.from(privateJwk).toString()) as JsonWebKey)
}

async function generate(type: KeyType): Promise<JsonWebKey> {
  switch (type) {
    case 'aes-256':
      return { kty: 'oct', k: randomBytes(32).toString('base64url') }
    case 'ec-p256':
      return (await pairOf('ec', { namedCurve: 'P-256' })).privateKey.export({ format: 'jwk' })
    case 'ec-p384':
      return (await pairOf('ec', { namedCurve: 'P-384' })).privateKey.export({ format: 'jwk' })
    case 'ed25519':
      return (await pairOf('ed25519')).privateKey.export({ format: 'jwk' })
    case 'rsa-3072':
      return (await pairOf('rsa', { modulusLength: 3072 })).privateKey.export({ format: 'jwk' })
    default:
      throw new VaultError('invalid', `type of key must be one of ${KEY_TYPES.join(', ')}`)
  }
}

function publicHalf(privateJwk: JsonWebKey): JsonWebKey | undefined {
  if (privateJwk.kty === 'oct') return undefined
  return createPublicKey({ key: privateJwk, format: 'jwk' }).export({ format: 'jwk' })
}
