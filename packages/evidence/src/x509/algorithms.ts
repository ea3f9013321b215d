import type { PublicKey, SignatureScheme } from '../crypto/jobs.ts'
import { type DerReader, TAG, type Tlv } from './der.ts'

const OID = {
  ecPublicKey: '1.2.840.10045.2.1',
  p256: '1.2.840.10045.3.1.7',
  p384: '1.3.132.0.34',
  rsaEncryption: '1.2.840.113549.1.1.1',
  rsassaPss: '1.2.840.113549.1.1.10',
  mgf1: '1.2.840.113549.1.1.8',
  sha384: '2.16.840.1.101.3.4.2.2',
} as const

const ECDSA_SCHEMES: ReadonlyMap<string, SignatureScheme> = new Map([
  ['1.2.840.10045.4.3.2', 'ecdsa-p256-sha256'],
  ['1.2.840.10045.4.3.3', 'ecdsa-p384-sha384'],
])

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
export function readSignatureAlgorithm(from: DerReader, field: string): AlgorithmIdentifier {
  const element = from.element(TAG.sequence, field)
  const inside = from.within(element)
  const oid = inside.oid(field)
  return { oid, scheme: schemeOf(oid, inside, field), raw: from.whole(element) }
}

function schemeOf(oid: string, parameters: DerReader, field: string): SignatureScheme | undefined {
  const ecdsa = ECDSA_SCHEMES.get(oid)
  if (ecdsa !== undefined) return parameters.done ? ecdsa : undefined
  if (oid === OID.rsassaPss && isPssSha384(parameters, field)) return 'rsassa-pss-sha384'
  return undefined
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
export function readPublicKey(from: DerReader): SubjectPublicKey {
  const element = from.element(TAG.sequence, 'subjectPublicKeyInfo')
  const inside = from.within(element)
  const algorithm = inside.inside(TAG.sequence, 'subjectPublicKeyInfo.algorithm')
  const oid = algorithm.oid('subjectPublicKeyInfo.algorithm')
  const bits = inside.bits('subjectPublicKeyInfo.subjectPublicKey')
  inside.finish('subjectPublicKeyInfo')
  const spki = from.whole(element)
  if (oid === OID.ecPublicKey && algorithm.peek() === TAG.oid) {
    const curve = algorithm.oid('subjectPublicKeyInfo.algorithm.namedCurve')
    if (curve === OID.p256) return { spki, key: ecKey('P-256', bits, 64), kind: 'EC P-256' }
    if (curve === OID.p384) return { spki, key: ecKey('P-384', bits, 96), kind: 'EC P-384' }
    return { spki, key: undefined, kind: `EC on curve ${curve}` }
  }
  if (oid === OID.rsaEncryption) {
    const size = modulusBits(bits, from)
    return { spki, key: { kind: 'RSA', bytes: bits, bits: size }, kind: `RSA ${size}` }
  }
  return { spki, key: undefined, kind: `algorithm ${oid}` }
}

function ecKey(kind: 'P-256' | 'P-384', bits: Uint8Array, size: number): PublicKey | undefined {
  return bits[0] === 4 && bits.length === 1 + size ? { kind, bytes: bits.subarray(1) } : undefined
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
