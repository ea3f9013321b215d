import { createHash, createPublicKey, ECDH, type JsonWebKey, type KeyObject } from 'node:crypto'
import { BoundedCache } from '../storage/statements.ts'

/**
 * Why a TEE's key was not accepted, or nothing was encrypted to it.
 *
 * - `malformed`: the key is not what its own members say it is; the message names the member.
 * - `unsupported`: well-formed, but of a kind or algorithm that secrets are not encrypted to.
 * - `too-large`: the plaintext is longer than {@link MAX_PLAINTEXT_BYTES}.
 */
export type JweErrorCode = 'malformed' | 'unsupported' | 'too-large'

/** A key that secrets cannot be encrypted to. The message holds no key material. */
export class JweError extends Error {
  override readonly name = 'JweError'
  readonly code: JweErrorCode

  constructor(code: JweErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** What a curve's keys look like. */
interface Curve {
  /** OpenSSL's name. */
  readonly name: string
  /** Bytes of one coordinate, and of the shared secret (RFC 7518, 6.2.1.2). */
  readonly size: number
}

const CURVES: ReadonlyMap<string, Curve> = new Map([
  ['P-256', { name: 'prime256v1', size: 32 }],
  ['P-521', { name: 'secp521r1', size: 66 }],
])

/** A TEE's public key on an elliptic curve, for `ECDH-ES+A256KW`. */
export interface EcTeeKey {
  readonly kty: 'EC'
  readonly alg: 'ECDH-ES+A256KW'
  readonly crv: string
  readonly curve: Curve
  /** The uncompressed point: 0x04, x, y. */
  readonly point: Uint8Array
}

/** A TEE's public RSA key, for `RSA-OAEP-256`, or for the deprecated `RSA1_5` where the key says so. */
export interface RsaTeeKey {
  readonly kty: 'RSA'
  readonly alg: 'RSA-OAEP-256' | 'RSA1_5'
  readonly key: KeyObject
}

/** A TEE's public key, checked. */
export type TeeKey = EcTeeKey | RsaTeeKey

/** Members that only a private or symmetric key has: who sends one has given the key away. */
const PRIVATE_MEMBERS: readonly string[] = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/**
 * Reads the `tee-pubkey` of a request (KBS protocol, attestation; RFC 7517, 7518). Accepted are EC
 * keys on P-256 and P-521 with `ECDH-ES+A256KW`, and RSA keys of 2048 to 4096 bits with
 * `RSA-OAEP-256` or `RSA1_5`; `alg` is required, every number has its full length, and the point lies on the
 * curve. Members that do not describe the key (`kid`, `use`) are not looked at.
 *
 * @throws JweError
 */
export function readTeeKey(jwk: unknown): TeeKey {
  const key = parseTeeKey(jwk)
  if (key.kty === 'EC') checkPoint(key)
  return key
}

/**
 * {@link readTeeKey} without the look at whether the point lies on the curve: for who computes a
 * shared secret with it next, which fails on any other point.
 *
 * @throws JweError
 */
export function parseTeeKey(jwk: unknown): TeeKey {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) {
    throw new JweError('malformed', 'tee-pubkey must be a JSON Web Key')
  }
  const secret = PRIVATE_MEMBERS.find((name) => Object.hasOwn(jwk, name))
  if (secret !== undefined) throw new JweError('malformed', `tee-pubkey holds the private member \`${secret}\``)
  const kty = text(jwk, 'kty')
  if (kty === 'EC') return readEcKey(jwk)
  if (kty === 'RSA') return readRsaKey(jwk)
  if (kty === 'AKP') {
    throw new JweError('unsupported', 'tee-pubkey is a post-quantum key (kty AKP); use EC on P-256 or P-521, or RSA')
  }
  throw new JweError('unsupported', 'tee-pubkey has a kty other than EC and RSA')
}

/**
 * The thumbprint (RFC 7638, SHA-256, lower-case hex) of a TEE's key: the same for every spelling
 * of one key.
 *
 * @throws JweError for a key that {@link readTeeKey} refuses
 */
export function teeKeyThumbprint(jwk: JsonWebKey): string {
  return thumbprintOf(readTeeKey(jwk), jwk)
}

/** {@link teeKeyThumbprint} of a key that {@link readTeeKey} has accepted: the point is not looked at again. */
export function acceptedThumbprint(jwk: JsonWebKey): string {
  return thumbprintOf(parseTeeKey(jwk), jwk)
}

function thumbprintOf(key: TeeKey, jwk: JsonWebKey): string {
  const { e, n, x, y } = jwk
  const members = key.kty === 'EC' ? { crv: key.crv, kty: key.kty, x, y } : { e, kty: key.kty, n }
  return createHash('sha256').update(JSON.stringify(members)).digest('hex')
}

function readEcKey(jwk: object): EcTeeKey {
  const alg = algorithm(jwk, 'ECDH-ES+A256KW')
  const crv = text(jwk, 'crv')
  const curve = CURVES.get(crv)
  if (curve === undefined) throw new JweError('unsupported', 'tee-pubkey has a crv other than P-256 and P-521')
  const [x, y] = [coordinate(jwk, 'x', curve), coordinate(jwk, 'y', curve)]
  return { kty: 'EC', alg, crv, curve, point: Buffer.concat([UNCOMPRESSED, x, y]) }
}

/** First byte of an uncompressed point (SEC 1, 2.3.3). */
const UNCOMPRESSED: Uint8Array = Uint8Array.of(4)

const HELD_POINTS = 4096
/** Points that lie on their curves, by curve and coordinates: a workload attests with one key again and again. */
const POINTS = new BoundedCache<true>(HELD_POINTS)

function checkPoint({ crv, curve, point }: EcTeeKey): void {
  POINTS.get(`${crv} ${Buffer.from(point).toString('latin1')}`, () => {
    try {
      ECDH.convertKey(point, curve.name)
    } catch (cause) {
      throw notOnCurve(crv, cause)
    }
    return true
  })
}

/** The error for a point that is not on its curve. */
export function notOnCurve(crv: string, cause: unknown): JweError {
  return new JweError('malformed', `tee-pubkey is not a point on ${crv}`, cause)
}

function coordinate(jwk: object, name: string, curve: Curve): Uint8Array {
  const bytes = base64url(jwk, name, curve.size)
  if (bytes.length !== curve.size) {
    throw new JweError('malformed', `tee-pubkey.${name} has ${bytes.length} bytes, not ${curve.size}`)
  }
  return bytes
}

const RSA_BITS = { min: 2048, max: 4096 } as const

function readRsaKey(jwk: object): RsaTeeKey {
  // The protocol has `RSA1_5` still. Only the guest chooses it: `alg` is bound into the evidence with the key.
  const alg = algorithm(jwk, 'RSA-OAEP-256', 'RSA1_5')
  const n = base64url(jwk, 'n', RSA_BITS.max / 8)
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24
  if (n[0] === 0) throw new JweError('malformed', 'tee-pubkey.n begins with a zero byte')
  if (bits < RSA_BITS.min || bits > RSA_BITS.max) {
    throw new JweError('unsupported', `tee-pubkey.n has ${bits} bits; ${RSA_BITS.min} to ${RSA_BITS.max} are accepted`)
  }
  if (((n.at(-1) ?? 0) & 1) === 0) throw new JweError('malformed', 'tee-pubkey.n is even')
  checkExponent(base64url(jwk, 'e', 4))
  try {
    const { n: modulus, e } = jwk as { readonly n: string; readonly e: string }
    return { kty: 'RSA', alg, key: createPublicKey({ key: { kty: 'RSA', n: modulus, e }, format: 'jwk' }) }
  } catch (cause) {
    throw new JweError('malformed', 'tee-pubkey is not an RSA key', cause)
  }
}

function checkExponent(bytes: Uint8Array): void {
  const e = bytes.reduce((value, byte) => value * 256 + byte, 0)
  if (bytes[0] === 0) throw new JweError('malformed', 'tee-pubkey.e begins with a zero byte')
  // FIPS 186-5, A.1.1: odd, and above 2^16; OpenSSL takes no large ones with a large modulus.
  if (e < 65537 || e % 2 === 0) throw new JweError('malformed', 'tee-pubkey.e must be odd and at least 65537')
}

function algorithm<A extends string>(jwk: object, ...wanted: readonly A[]): A {
  const alg = text(jwk, 'alg')
  const known = wanted.find((one) => one === alg)
  if (known !== undefined) return known
  throw new JweError('unsupported', `tee-pubkey.alg must be ${wanted.join(' or ')} for this kty`)
}

function text(jwk: object, name: string): string {
  const value: unknown = Object.hasOwn(jwk, name) ? (jwk as Readonly<Record<string, unknown>>)[name] : undefined
  if (typeof value !== 'string') throw new JweError('malformed', `tee-pubkey.${name} must be a string`)
  return value
}

/** The bytes of a member in base64url without padding; only the one canonical spelling is taken. */
function base64url(jwk: object, name: string, maxBytes: number): Uint8Array {
  const value = text(jwk, name)
  if (value.length > Math.ceil((maxBytes * 4) / 3)) {
    throw new JweError('malformed', `tee-pubkey.${name} has more than ${maxBytes} bytes`)
  }
  const bytes = Buffer.from(value, 'base64url')
  if (value === '' || bytes.toString('base64url') !== value) {
    throw new JweError('malformed', `tee-pubkey.${name} must be base64url without padding`)
  }
  return bytes
}
