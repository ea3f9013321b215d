import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto'
import { concat } from './bytes.ts'

/** A key pair of an authority, a platform or a workload. */
export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
}

export type KeyKind = 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | `RSA-${2048 | 3072 | 4096}`

/** Makes a new key pair. */
export function generateKey(kind: KeyKind): KeyPair {
  return keyPairOf(createPrivateKey({ key: privateKeyDer(kind), format: 'der', type: 'pkcs8' }))
}

// Encoded by the generator: in Node 20 a key object that comes from it is locked by the generator's own end, too, which the
// garbage collector brings about while the key is exported, and then the process stands still for ever.
function privateKeyDer(kind: KeyKind): Buffer {
  if (kind === 'Ed25519')
    return generateKeyPairSync('ed25519', { publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 }).privateKey
  return kind.startsWith('RSA-') ? rsaKey(Number(kind.slice(4))) : ecKey(kind)
}

function rsaKey(modulusLength: number): Buffer {
  return generateKeyPairSync('rsa', { modulusLength, publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 }).privateKey
}

function ecKey(namedCurve: string): Buffer {
  return generateKeyPairSync('ec', { namedCurve, publicKeyEncoding: SPKI, privateKeyEncoding: PKCS8 }).privateKey
}

const SPKI = { type: 'spki', format: 'der' } as const
const PKCS8 = { type: 'pkcs8', format: 'der' } as const

/** The key pair of a private key in PEM. */
export function keyFromPem(pem: string): KeyPair {
  return keyPairOf(createPrivateKey(pem))
}

/** The key pair of a private key. */
export function keyPairOf(privateKey: KeyObject): KeyPair {
  const publicKey = createPublicKey(privateKey)
  return { privateKey, publicKey, spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })) }
}

/** SHA-256 of the SubjectPublicKeyInfo in lower-case hex: what a trust anchor pins. */
export function spkiSha256(key: KeyPair): string {
  return createHash('sha256').update(key.spki).digest('hex')
}

/** x then y of an EC public key, big-endian. */
export function rawPoint(key: KeyPair): Uint8Array {
  const { x, y }: JsonWebKey = key.publicKey.export({ format: 'jwk' })
  if (x === undefined || y === undefined) throw new TypeError('only EC keys have a point')
  return concat(Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url'))
}

/** ECDSA signature, r then s, big-endian, each as long as the order. */
export function ecdsaRaw(hash: 'sha256' | 'sha384', key: KeyPair, data: Uint8Array): Uint8Array {
  return new Uint8Array(sign(hash, data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }))
}

/** SHA-256, SHA-384 or SHA-512 of the parts in a row. */
export function digest(algorithm: 'sha256' | 'sha384' | 'sha512', ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm)
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
