import { toHex } from '../core/bytes.ts'

/** Curves that evidence and endorsements use. */
export type Curve = 'P-256' | 'P-384' | 'P-521'

/** The platform's own object once a signature was checked with a key; it belongs to `#crypto` alone. */
interface Imported {
  handle?: unknown
}

/** A point on a curve. */
export interface EcKey extends Imported {
  readonly kind: Curve
  /** x then y, big-endian, 64, 96 or 132 bytes. */
  readonly bytes: Uint8Array
}

/** An RSA key; `rsaKey` and `readRsaKey` make one. */
export interface RsaKey extends Imported {
  readonly kind: 'RSA'
  /** The DER of a PKCS #1 RSAPublicKey. */
  readonly bytes: Uint8Array
  /** Size of the modulus. */
  readonly bits: number
  /** Whether the exponent is odd, and 3 or more: with 1, whoever writes a signature needs no private key. */
  readonly isSound: boolean
  /** The same as JWK, the form that WebCrypto reads fastest. */
  jwk(): JsonWebKey
}

/** What evidence and endorsements are signed with. */
export type KeyKind = PublicKey['kind']

/** A public key, not yet imported by the platform. */
export type PublicKey = EcKey | RsaKey

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
  // It is what the name ends with.
  return scheme.slice(scheme.lastIndexOf('sha')) as SignatureHash
}

/** Bytes of one coordinate, and of one number of a signature, on a curve. */
export const CURVE_BYTES: Readonly<Record<Curve, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }

/** One signature to be checked. ECDSA signatures are r then s, big-endian, each as long as the curve's order. */
export interface SignatureJob {
  readonly kind: 'signature'
  readonly scheme: SignatureScheme
  readonly key: PublicKey
  readonly data: Uint8Array
  readonly signature: Uint8Array
  /** RSASSA-PSS only, `anySalt` of `#crypto`: take a salt of any length, as TPMs differ in it. */
  readonly anySalt?: SaltLengths
  /**
   * Of a certificate that is signed with its own key: its SHA-256, and those of certificates that are known to be
   * genuine byte for byte. For one of these the signature is not computed.
   */
  published?: { readonly digest: DigestJob; readonly among: readonly string[] }
  /** Whether the signature verifies; undefined until settled. A key the platform refuses counts as false. */
  result?: boolean
}

/**
 * Whether a signature is worth computing: an RSA key is sound, and the signature as long as its modulus. Browsers ask for
 * both; OpenSSL takes an exponent of 1, and signatures of RSASSA-PSS without the zeros in front.
 * @see RFC 8017, sections 3.1 and 8.1.2, step 1
 */
export function mayVerify({ key, signature }: SignatureJob): boolean {
  return key.kind !== 'RSA' || (key.isSound && signature.length === Math.ceil(key.bits / 8))
}

/** Lengths of salt to try, in order, with a key and a hash of so many bytes. */
export type SaltLengths = (key: PublicKey, hashBytes: number) => readonly number[]

/** SHA-1 occurs in event logs, PCR banks and signatures of old TPMs. */
export type DigestAlgorithm = 'sha1' | Hash

/** One digest to be computed. */
export interface DigestJob {
  readonly kind: 'digest'
  readonly algorithm: DigestAlgorithm
  readonly data: Uint8Array
  result?: Uint8Array
}

/** The SHA-256 of `data`, to be computed. */
export function sha256(data: Uint8Array): DigestJob {
  return { kind: 'digest', algorithm: 'sha256', data }
}

/** A digest of bytes that come piece by piece, such as those of an image. */
export interface Digester {
  /** `piece` must stay as it is until the last digest was taken: where cryptography takes whole inputs only, it is kept. */
  update(piece: Uint8Array): void
  /** The digest of everything so far; more may follow. */
  digest(): Promise<Uint8Array>
}

/**
 * Work that few kinds of evidence ask for. A job names the function of `#crypto` that does it, so that a bundle without
 * such jobs is without the functions.
 */
interface RareJob<Self> {
  by(job: Self): void | Promise<void>
}

/** Has a job that brings its function along settled. One type parameter for both: no job's function takes another kind. */
export function settleRare<J extends RareJob<J>>(job: J): void | Promise<void> {
  return job.by(job)
}

/** A measurement register replayed: for each event, register := digest(register || event). */
export interface ReplayJob extends RareJob<ReplayJob> {
  readonly kind: 'replay'
  readonly algorithm: DigestAlgorithm
  readonly initial: Uint8Array
  readonly events: readonly Uint8Array[]
  /** Given empty, it is filled with the register's value after each event, to find where two logs part. */
  readonly steps?: Uint8Array[]
  result?: Uint8Array
}

/** One message authentication code to be computed. */
export interface HmacJob extends RareJob<HmacJob> {
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
export interface CipherJob extends RareJob<CipherJob> {
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

/**
 * The order n of the base point of P-256 and of P-384, in hex.
 * @see FIPS 186-5 / NIST SP 800-186, section 3.2.1
 */
export const P256_ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
export const P384_ORDER =
  'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'

/**
 * Whether r and s of a raw ECDSA signature are both in 1..n-1; `order` is n. High values of s are legal.
 * @see FIPS 186-5, section 6.4.2, step 1
 */
export function inSignatureRange(signature: Uint8Array, order: string): boolean {
  const digits = toHex(signature)
  const r = digits.slice(0, order.length)
  const s = digits.slice(order.length)
  return s.length === order.length && inRange(r, order) && inRange(s, order)
}

// Of the same length, hex is in the order of the numbers.
function inRange(number: string, order: string): boolean {
  return number < order && /[^0]/.test(number)
}
