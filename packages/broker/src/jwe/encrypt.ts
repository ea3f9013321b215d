import {
  constants,
  createCipheriv,
  createECDH,
  createHash,
  type ECDH,
  type JsonWebKey,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import { type EcTeeKey, JweError, notOnCurve, parseTeeKey, type RsaTeeKey } from './tee-key.ts'

/** A JWE in flattened JSON serialisation (RFC 7516, 7.2.2); every member is base64url without padding. */
export interface FlattenedJwe {
  readonly protected: string
  readonly encrypted_key: string
  readonly iv: string
  readonly ciphertext: string
  readonly tag: string
}

/** What must be fresh for every message. Given only where a known example is reproduced. */
export interface Ephemeral {
  /** 32 bytes: the content encryption key. */
  readonly cek: Uint8Array
  /** 12 bytes. */
  readonly iv: Uint8Array
  /** Scalar of the sender's one-time key on the receiver's curve, full length; a new one when left out. */
  readonly scalar?: Uint8Array
}

/** The longest plaintext that is encrypted: 1 MiB and some room for what wraps a secret. */
export const MAX_PLAINTEXT_BYTES: number = 1_100_000

/**
 * Encrypts `plaintext` so that only the TEE that holds the private half of `teeKey` can read it, in
 * the form that KBS clients decrypt (KBS protocol, resource response; RFC 7516, 7518): `A256GCM`
 * under a fresh key, which is wrapped by `ECDH-ES+A256KW`, `RSA-OAEP-256` or `RSA1_5`, as the key has it.
 *
 * @throws JweError when the key is not accepted ({@link readTeeKey}) or the plaintext is too long
 */
export function encryptToTeeKey(plaintext: Uint8Array, teeKey: JsonWebKey): FlattenedJwe {
  const fresh = randomBytes(32 + 12)
  return encryptWith(plaintext, teeKey, { cek: fresh.subarray(0, 32), iv: fresh.subarray(32) })
}

/** {@link encryptToTeeKey} with chosen randomness. For tests with known answers; not exported from the package. */
export function encryptWith(plaintext: Uint8Array, teeKey: JsonWebKey, ephemeral: Ephemeral): FlattenedJwe {
  if (plaintext.length > MAX_PLAINTEXT_BYTES) {
    throw new JweError('too-large', `the plaintext has ${plaintext.length} bytes, more than ${MAX_PLAINTEXT_BYTES}`)
  }
  const key = parseTeeKey(teeKey)
  const { header, encryptedKey } = key.kty === 'EC' ? wrapEc(key, ephemeral) : wrapRsa(key, ephemeral)
  const encoded = Buffer.from(header).toString('base64url')
  const cipher = createCipheriv('aes-256-gcm', ephemeral.cek, ephemeral.iv)
  // RFC 7516, 5.1 step 14: the associated data is the encoded header as sent.
  cipher.setAAD(Buffer.from(encoded, 'ascii'))
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return {
    protected: encoded,
    encrypted_key: encryptedKey.toString('base64url'),
    iv: Buffer.from(ephemeral.iv).toString('base64url'),
    ciphertext: ciphertext.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
  }
}

interface Wrapped {
  /** JSON text of the protected header. */
  readonly header: string
  readonly encryptedKey: Buffer
}

function wrapEc(key: EcTeeKey, { cek, scalar }: Ephemeral): Wrapped {
  const { name, size } = key.curve
  const own = createECDH(name)
  if (scalar !== undefined) own.setPrivateKey(scalar)
  const point = scalar === undefined ? own.generateKeys() : own.getPublicKey()
  const kek = concatKdf(sharedSecret(own, key), key.alg)
  const x = point.subarray(1, 1 + size).toString('base64url')
  const y = point.subarray(1 + size).toString('base64url')
  // KBS clients do not authenticate the header they received but one that they write again: `alg`,
  // `enc`, then the others by name. Only this order of members reads the same in every build of them.
  const header = `{"alg":"${key.alg}","enc":"A256GCM","epk":{"crv":"${key.crv}","kty":"EC","x":"${x}","y":"${y}"}}`
  return { header, encryptedKey: wrapAes(kek, cek) }
}

function wrapRsa({ key, alg }: RsaTeeKey, { cek }: Ephemeral): Wrapped {
  const padding = alg === 'RSA1_5' ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_OAEP_PADDING
  const encryptedKey = publicEncrypt({ key, padding, ...(alg === 'RSA1_5' ? {} : { oaepHash: 'sha256' }) }, cek)
  return { header: `{"alg":"${alg}","enc":"A256GCM"}`, encryptedKey }
}

/** Z: the x coordinate in the field's full length, 66 bytes on P-521. OpenSSL refuses points off the curve. */
function sharedSecret(own: ECDH, { point, crv }: EcTeeKey): Buffer {
  try {
    return own.computeSecret(point)
  } catch (cause) {
    throw notOnCurve(crv, cause)
  }
}

/** One block of the Concat KDF with SHA-256 for a 256-bit key and empty party infos (RFC 7518, 4.6.2). */
function concatKdf(z: Uint8Array, alg: string): Buffer {
  const info = [u32(1), z, u32(alg.length), Buffer.from(alg), u32(0), u32(0), u32(256)]
  return createHash('sha256').update(Buffer.concat(info)).digest()
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** AES key wrap (RFC 3394) with its default initial value. */
function wrapAes(kek: Uint8Array, key: Uint8Array): Buffer {
  const cipher = createCipheriv('id-aes256-wrap', kek, Buffer.alloc(8, 0xa6))
  return Buffer.concat([cipher.update(key), cipher.final()])
}
