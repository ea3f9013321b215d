import { CURVE_BYTES, type KeyKind, type PublicKey, type SignatureScheme } from '../crypto/jobs.ts'
import { type DerReader, TAG, type Tlv } from './der.ts'

const OID = {
  ecPublicKey: '1.2.840.10045.2.1',
  rsaEncryption: '1.2.840.113549.1.1.1',
  rsassaPss: '1.2.840.113549.1.1.10',
  mgf1: '1.2.840.113549.1.1.8',
  sha384: '2.16.840.1.101.3.4.2.2',
} as const

/** Which algorithms a chain may use. Whatever is not listed never verifies. */
export interface AlgorithmProfile {
  /** Schemes by OID of the signature algorithm, without parameters or (RSA) with NULL. */
  readonly schemes: ReadonlyMap<string, SignatureScheme>
  /** Curves by OID. */
  readonly curves: ReadonlyMap<string, Exclude<KeyKind, 'RSA'>>
}

/** What Intel's and AMD's endorsements use, and nothing else: hashes that fit the curve; RSA with PSS and SHA-384 only. */
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
 * Reads an AlgorithmIdentifier of a signature. RSASSA-PSS is accepted with exactly SHA-384, MGF1 with
 * SHA-384, 48 bytes of salt and trailer field 1, spelled out or left out.
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
  return oid === OID.rsassaPss && isPssSha384(parameters, field) ? 'rsassa-pss-sha384' : undefined
}

function isPssSha384(parameters: DerReader, field: string): boolean {
  if (parameters.peek() !== TAG.sequence) return false
  const fields = parameters.inside(TAG.sequence, field)
  let hash = false
  let mask = false
  let salt = false
  while (!fields.done) {
    const element = fields.any(field)
    const value = fields.within(element)
    if (element.tag === 0xa0) hash = isSha384(value, field)
    else if (element.tag === 0xa1) mask = isMgf1Sha384(value, field)
    else if (element.tag === 0xa2) salt = value.smallInteger(field) === 48
    else if (element.tag !== 0xa3 || value.smallInteger(field) !== 1) return false
  }
  return hash && mask && salt && parameters.done
}

function isSha384(from: DerReader, field: string): boolean {
  const inside = from.inside(TAG.sequence, field)
  if (inside.oid(field) !== OID.sha384) return false
  if (inside.peek() === TAG.null) inside.any(field)
  return inside.done
}

function isMgf1Sha384(from: DerReader, field: string): boolean {
  const inside = from.inside(TAG.sequence, field)
  return inside.oid(field) === OID.mgf1 && isSha384(inside, field)
}

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
  if (oid === OID.rsaEncryption) {
    const size = modulusBits(bits, from)
    return { spki, key: { kind: 'RSA', bytes: bits, bits: size }, kind: `RSA ${size}` }
  }
  return { spki, key: undefined, kind: `algorithm ${oid}` }
}

function ecKey(kind: Exclude<KeyKind, 'RSA'>, bits: Uint8Array): PublicKey | undefined {
  return bits[0] === 4 && bits.length === 1 + 2 * CURVE_BYTES[kind] ? { kind, bytes: bits.subarray(1) } : undefined
}

function modulusBits(pkcs1: Uint8Array, from: DerReader): number {
  const start = pkcs1.byteOffset - from.bytes.byteOffset
  const outer = from.within({ tag: 0, header: start, start, end: start + pkcs1.length } satisfies Tlv)
  const inside = outer.inside(TAG.sequence, 'subjectPublicKeyInfo.rsaPublicKey')
  outer.finish('subjectPublicKeyInfo.rsaPublicKey')
  const modulus = inside.unsigned('subjectPublicKeyInfo.rsaPublicKey.modulus')
  inside.unsigned('subjectPublicKeyInfo.rsaPublicKey.publicExponent')
  inside.finish('subjectPublicKeyInfo.rsaPublicKey')
  return modulus.length * 8 - Math.clz32(modulus[0] as number) + 24
}
