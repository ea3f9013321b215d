import { createECDH, createPrivateKey, hkdfSync, timingSafeEqual } from 'node:crypto'
import { concat, fromHex, le, toHex, utf8 } from './kit/bytes.ts'
import { type KeyPair, keyPairOf } from './kit/keys.ts'

/** The one secret of a world, from which every secret of its chips is derived; 32 bytes. */
export type Seed = Uint8Array

/** What a derived value is for: the label, then what tells it from others of its kind. */
export type Context = readonly (string | number | Uint8Array)[]

/**
 * Bytes that depend on the secret and on the whole context: HKDF with SHA-384.
 * @see RFC 5869
 */
export function derive(secret: Uint8Array, length: number, ...context: Context): Uint8Array {
  return new Uint8Array(hkdfSync('sha384', secret, SALT, infoOf(context), length))
}

const SALT = utf8('sekisho emulated world')

// Every part has its length in front: no two contexts run into the same bytes.
function infoOf(context: Context): Uint8Array {
  const parts = context.map((one) => (one instanceof Uint8Array ? one : utf8(String(one))))
  return concat(...parts.flatMap((part) => [le(part.length, 4), part]))
}

const CURVES = {
  'P-256': {
    name: 'prime256v1',
    size: 32,
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  'P-384': {
    name: 'secp384r1',
    size: 48,
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
} as const

/**
 * A key pair that depends on the secret and the context alone: the same fused secret gives the same key.
 * @see FIPS 186-5, appendix A.2.1, Key Pair Generation by Extra Random Bits
 */
export function deriveKey(secret: Uint8Array, curve: keyof typeof CURVES, ...context: Context): KeyPair {
  const { name, size, order } = CURVES[curve]
  const wide = BigInt(`0x${toHex(derive(secret, size + 8, 'ec key', curve, ...context))}`)
  const scalar = fromHex(((wide % (order - 1n)) + 1n).toString(16).padStart(2 * size, '0'))
  const ecdh = createECDH(name)
  ecdh.setPrivateKey(scalar)
  const point = ecdh.getPublicKey()
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  const jwk = {
    kty: 'EC',
    crv: curve,
    d: text(scalar),
    x: text(point.subarray(1, 1 + size)),
    y: text(point.subarray(1 + size)),
  }
  return keyPairOf(createPrivateKey({ key: jwk, format: 'jwk' }))
}

/**
 * The public id of a named part of this world. Its second half depends on the first, so that the world's
 * services know their own parts again without a list of them.
 */
export function makeId(seed: Seed, length: number, kind: string, name: string): Uint8Array {
  const half = derive(seed, length / 2, 'name', kind, name)
  return concat(half, derive(seed, length / 2, 'mark', kind, half))
}

/** Whether an id is of a part of this world. */
export function isOwnId(seed: Seed, kind: string, id: Uint8Array): boolean {
  const half = id.length / 2
  if (!Number.isInteger(half) || half === 0) return false
  return timingSafeEqual(derive(seed, half, 'mark', kind, id.subarray(0, half)), id.subarray(half))
}
