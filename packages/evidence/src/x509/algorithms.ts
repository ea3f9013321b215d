import {
  CURVE_BYTES,
  type Curve,
  type EcKey,
  type PublicKey,
  type RsaKey,
  type SignatureScheme,
} from '../crypto/jobs.ts'
import { type DerReader, TAG } from './der.ts'

const OID = {
  ecPublicKey: '1.2.840.10045.2.1',
  rsaEncryption: '1.2.840.113549.1.1.1',
  rsassaPss: '1.2.840.113549.1.1.10',
} as const

/** Which algorithms a chain may use. Whatever is not listed never verifies. */
export interface AlgorithmProfile {
  /** Schemes by OID of the signature algorithm, without parameters or (RSA) with NULL. */
  readonly schemes: ReadonlyMap<string, SignatureScheme>
  /** Curves by OID. */
  readonly curves: ReadonlyMap<string, Curve>
  /** The key of a PKCS #1 RSAPublicKey, a view on the bytes of `from`. Absent where no RSA key counts. */
  rsaKey?(pkcs1: Uint8Array, from: DerReader): RsaKey
  /** OID of RSA keys that only decrypt, where these are read. Who takes one for a signing key has to ask `keyKind`. */
  readonly decrypts?: string
  /** Whether parameters of RSASSA-PSS are the ones that count. Absent where none do. */
  isPss?(parameters: DerReader, field: string): boolean
}

/** ECDSA with the hash that fits the curve, and nothing else: what Intel's and AWS's endorsements use. */
export const STRICT: AlgorithmProfile = {
  schemes: new Map([
    ['1.2.840.10045.4.3.2', 'ecdsa-p256-sha256'],
    ['1.2.840.10045.4.3.3', 'ecdsa-p384-sha384'],
  ]),
  curves: new Map([
    ['1.2.840.10045.3.1.7', 'P-256'],
    ['1.3.132.0.34', 'P-384'],
  ]),
}

/** A signature algorithm as a certificate or CRL names it. */
export interface AlgorithmIdentifier {
  readonly oid: string
  /** Undefined for every algorithm and parameter set that endorsements do not use. */
  readonly scheme: SignatureScheme | undefined
  /** The whole element, for comparing the inner and the outer copy. */
  readonly raw: Uint8Array
}

/**
 * Reads an AlgorithmIdentifier of a signature.
 * @see RFC 5280, section 4.1.1.2; RFC 4055, section 3.1
 */
export function readSignatureAlgorithm(
  from: DerReader,
  field: string,
  profile: AlgorithmProfile = STRICT,
): AlgorithmIdentifier {
  const element = from.element(TAG.sequence, field)
  const inside = from.within(element)
  const oid = inside.oid(field)
  return { oid, scheme: schemeOf(oid, inside, field, profile), raw: from.whole(element) }
}

function schemeOf(
  oid: string,
  parameters: DerReader,
  field: string,
  profile: AlgorithmProfile,
): SignatureScheme | undefined {
  const scheme = profile.schemes.get(oid)
  if (scheme !== undefined) {
    if (scheme.startsWith('rsassa') && parameters.peek() === TAG.null) parameters.any(field)
    return parameters.done ? scheme : undefined
  }
  return oid === OID.rsassaPss && profile.isPss?.(parameters, field) ? 'rsassa-pss-sha384' : undefined
}

/** What the kind of a key that only decrypts begins with. */
export const DECRYPTS = 'RSAES-OAEP'

/** A SubjectPublicKeyInfo: its bytes, and the key where it is of a kind that evidence uses. */
export interface SubjectPublicKey {
  readonly spki: Uint8Array
  readonly key: PublicKey | undefined
  /** In words, for messages: `EC P-256`, `RSA 4096`, or the OID. */
  readonly kind: string
}

/**
 * Reads a SubjectPublicKeyInfo.
 * @see RFC 5280, section 4.1.2.7; RFC 5480, section 2; RFC 8017, appendix A.1.1
 */
export function readPublicKey(from: DerReader, profile: AlgorithmProfile = STRICT): SubjectPublicKey {
  const element = from.element(TAG.sequence, 'subjectPublicKeyInfo')
  const inside = from.within(element)
  const algorithm = inside.inside(TAG.sequence, 'subjectPublicKeyInfo.algorithm')
  const oid = algorithm.oid('subjectPublicKeyInfo.algorithm')
  const bits = inside.bits('subjectPublicKeyInfo.subjectPublicKey')
  inside.finish('subjectPublicKeyInfo')
  const spki = from.whole(element)
  if (oid === OID.ecPublicKey && algorithm.peek() === TAG.oid) {
    const oid = algorithm.oid('subjectPublicKeyInfo.algorithm.namedCurve')
    const curve = profile.curves.get(oid)
    return { spki, key: curve && ecKey(curve, bits), kind: `EC ${curve ?? `on curve ${oid}`}` }
  }
  if (oid === OID.rsaEncryption || oid === profile.decrypts) {
    const key = profile.rsaKey?.(bits, from)
    const kind = oid === OID.rsaEncryption ? 'RSA' : DECRYPTS
    return { spki, key, kind: key === undefined ? kind : `${kind} ${key.bits}` }
  }
  return { spki, key: undefined, kind: `algorithm ${oid}` }
}

function ecKey(kind: Curve, bits: Uint8Array): EcKey | undefined {
  return bits[0] === 4 && bits.length === 1 + 2 * CURVE_BYTES[kind] ? { kind, bytes: bits.subarray(1) } : undefined
}
