import {
  createPrivateKey,
  createPublicKey,
  type ED25519KeyPairOptions,
  generateKeyPair,
  type JsonWebKey,
  randomBytes,
} from 'node:crypto'
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
      return jwkOf((await pairOf('ec', { namedCurve: 'P-256', ...ENCODED })).privateKey)
    case 'ec-p384':
      return jwkOf((await pairOf('ec', { namedCurve: 'P-384', ...ENCODED })).privateKey)
    case 'ed25519':
      return jwkOf((await pairOf('ed25519', ENCODED)).privateKey)
    case 'rsa-3072':
      return jwkOf((await pairOf('rsa', { modulusLength: 3072, ...ENCODED })).privateKey)
    default:
      throw new VaultError('invalid', `type of key must be one of ${KEY_TYPES.join(', ')}`)
  }
}

/** How keys are asked of the generator: encoded, the private one as PKCS #8. */
// In Node 20 a key object fresh from the generator can block the process for ever when it is exported
// while the generator is collected: they share a lock. One that is read from its encoding does not.
export const ENCODED: ED25519KeyPairOptions<'der', 'der'> = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
}

function jwkOf(der: Buffer): JsonWebKey {
  const jwk = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
  der.fill(0)
  return jwk
}

function publicHalf(privateJwk: JsonWebKey): JsonWebKey | undefined {
  if (privateJwk.kty === 'oct') return undefined
  return createPublicKey({ key: privateJwk, format: 'jwk' }).export({ format: 'jwk' })
}
