import type { RsaKey } from '../crypto/jobs.ts'
import { readRsaKey } from '../crypto/rsa-key.ts'
import { type DerReader, TAG, type Tlv } from './der.ts'

const OID = { mgf1: '1.2.840.113549.1.1.8', sha384: '2.16.840.1.101.3.4.2.2' } as const

/** The key of an RSAPublicKey, a view on the bytes of `from`. @throws EvidenceError @see RFC 8017, appendix A.1.1 */
export function rsaKeyOf(pkcs1: Uint8Array, from: DerReader): RsaKey {
  const start = pkcs1.byteOffset - from.bytes.byteOffset
  const outer = from.within({ tag: 0, header: start, start, end: start + pkcs1.length } satisfies Tlv)
  const inside = outer.inside(TAG.sequence, 'subjectPublicKeyInfo.rsaPublicKey')
  outer.finish('subjectPublicKeyInfo.rsaPublicKey')
  const modulus = inside.unsigned('subjectPublicKeyInfo.rsaPublicKey.modulus')
  const exponent = inside.unsigned('subjectPublicKeyInfo.rsaPublicKey.publicExponent')
  inside.finish('subjectPublicKeyInfo.rsaPublicKey')
  return readRsaKey(pkcs1, modulus, exponent)
}

/**
 * Whether parameters of RSASSA-PSS are exactly SHA-384, MGF1 with SHA-384, 48 bytes of salt and trailer field 1, spelled
 * out or left out.
 * @see RFC 4055, section 3.1
 */
export function isPssSha384(parameters: DerReader, field: string): boolean {
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
