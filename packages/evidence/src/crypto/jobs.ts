/** Curves and key kinds that evidence and endorsements use. */
export type KeyKind = 'P-256' | 'P-384' | 'P-521' | 'RSA'

/**
 * A public key, not yet imported by the platform. `handles` are the platform's own objects once a
 * signature was checked with the key; they belong to `#crypto` alone.
 */
export interface PublicKey {
  readonly kind: KeyKind
  /** EC: x then y, big-endian, 64, 96 or 132 bytes. RSA: the DER of a PKCS #1 RSAPublicKey. */
  readonly bytes: Uint8Array
  /** RSA only: size of the modulus in bits. */
  readonly bits?: number
  handle?: unknown
}

type Hash = 'sha256' | 'sha384' | 'sha512'

/** Hashes of signature schemes. SHA-1 only where a TPM of old signs with it, and its verifier allows it. */
type SignatureHash = Hash | 'sha1'

/**
 * Signature schemes that evidence and endorsements use; the name says all parameters. RSASSA-PSS
 * has MGF1 with the same hash and a salt as long as the hash, or of any length. An ECDSA scheme without a curve
 * takes any key kind of ours.
 */
export type SignatureScheme =
  | 'ecdsa-p256-sha256'
  | 'ecdsa-p384-sha384'
  | `ecdsa-${SignatureHash}`
  | `rsassa-pss-${SignatureHash}`
  | `rsassa-pkcs1-${SignatureHash}`

/** The hash of a scheme. */
export function schemeHash(scheme: SignatureScheme): SignatureHash {
  if (scheme.endsWith('sha1')) return 'sha1'
  return scheme.endsWith('256') ? 'sha256' : scheme.endsWith('384') ? 'sha384' : 'sha512'
}

/** Bytes of one coordinate, and of one number of a signature, on a curve. */
export const CURVE_BYTES: Readonly<Record<Exclude<KeyKind, 'RSA'>, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }

/** One signature to be checked. ECDSA signatures are r then s, big-endian, each as long as the curve's order. */
export interface SignatureJob {
  readonly kind: 'signature'
  readonly scheme: SignatureScheme
  readonly key: PublicKey
  readonly data: Uint8Array
  readonly signature: Uint8Array
  /** RSASSA-PSS only: take a salt of any length, as TPMs differ in it. */
  readonly anySalt?: true
  /**
   * Of a certificate that is signed with its own key: its SHA-256, and those of certificates that are known to be
   * genuine byte for byte. For one of these the signature is not computed.
   */
  readonly published?: { readonly digest: DigestJob; readonly among: readonly string[] }
  /** Whether the signature verifies; undefined until settled. A key the platform refuses counts as false. */
  result?: boolean
}

/** SHA-1 occurs in event logs, PCR banks and signatures of old TPMs. */
export type DigestAlgorithm = 'sha1' | Hash

/** One digest to be computed. */
export interface DigestJob {
  readonly kind: 'digest'
  readonly algorithm: DigestAlgorithm
  readonly data: Uint8Array
  result?: Uint8Array
}

/** A digest of bytes that come piece by piece, such as those of an image. */
export interface Digester {
  /** `piece` must stay as it is until the last digest was taken: where cryptography takes whole inputs only, it is kept. */
  update(piece: Uint8Array): void
  /** The digest of everything so far; more may follow. */
  digest(): Promise<Uint8Array>
}

/** A measurement register replayed: for each event, register := digest(register || event). */
export interface ReplayJob {
  readonly kind: 'replay'
  readonly algorithm: DigestAlgorithm
  readonly initial: Uint8Array
  readonly events: readonly Uint8Array[]
  /** Given empty, it is filled with the register's value after each event, to find where two logs part. */
  readonly steps?: Uint8Array[]
  result?: Uint8Array
}

/** One message authentication code to be computed. */
export interface HmacJob {
  readonly kind: 'hmac'
  readonly algorithm: Hash
  readonly key: Uint8Array
  readonly data: Uint8Array
  result?: Uint8Array
}

/**
 * AES over bytes that evidence carries, with a key that the caller has: `gcm` opens ciphertext and tag
 * (16 bytes, last), `ctr` counts from `iv` in all its 128 bits.
 */
export interface CipherJob {
  readonly kind: 'cipher'
  readonly mode: 'gcm' | 'ctr'
  readonly key: Uint8Array
  readonly iv: Uint8Array
  /** What a GCM tag covers beside the data. */
  readonly aad?: Uint8Array
  readonly data: Uint8Array
  /** False when the tag does not hold. */
  result?: Uint8Array | false
}

/**
 * Work for the platform's cryptography. A verification names all of its jobs before it judges, so
 * that a runtime with asynchronous cryptography can do them side by side. A job is a pure function
 * of its bytes: once settled, its result holds for as long as the object lives.
 */
export type Job = SignatureJob | DigestJob | ReplayJob | HmacJob | CipherJob

const ORDERS: Readonly<Record<'P-256' | 'P-384', string>> = {
  'P-256': 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  'P-384': 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
}

/**
 * The order n of a curve's base point, big-endian.
 * @see FIPS 186-5 / NIST SP 800-186, section 3.2.1
 */
export function curveOrder(curve: 'P-256' | 'P-384'): Uint8Array {
  const text = ORDERS[curve]
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))
}

const P256_ORDER: Uint8Array = curveOrder('P-256')
const P384_ORDER: Uint8Array = curveOrder('P-384')

/**
 * Whether r and s of a raw ECDSA signature are both in 1..n-1. High values of s are legal.
 * @see FIPS 186-5, section 6.4.2, step 1
 */
export function inSignatureRange(signature: Uint8Array, curve: 'P-256' | 'P-384'): boolean {
  const order = curve === 'P-256' ? P256_ORDER : P384_ORDER
  const size = order.length
  return (
    signature.length === 2 * size &&
    inRange(signature.subarray(0, size), order) &&
    inRange(signature.subarray(size), order)
  )
}

function inRange(number: Uint8Array, order: Uint8Array): boolean {
  let zero = true
  for (const byte of number) if (byte !== 0) zero = false
  if (zero) return false
  for (let i = 0; i < order.length; i++) {
    const difference = (number[i] as number) - (order[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}
