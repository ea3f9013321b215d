import { createHash } from 'node:crypto'
import type { OcspAnswer } from '@sekisho/evidence/nvidia'
import { derElement, derElements, encodeDer } from './der.ts'

/** How OCSP names a certificate: by digests of its issuer's name and key, and its serial number. */
export interface OcspCertId {
  /** SHA-384, 48 bytes. */
  readonly issuerNameHash: Uint8Array
  readonly issuerKeyHash: Uint8Array
  /** Content of the INTEGER, as the certificate has it. */
  readonly serial: Uint8Array
}

const SHA384_OID = Buffer.from('608648016503040202', 'hex')
const [INTEGER, BITS, OCTETS, NULL, OID, SEQUENCE, EXPLICIT_0] = [0x02, 0x03, 0x04, 0x05, 0x06, 0x30, 0xa0]

/**
 * The name under which OCSP knows a certificate.
 * @param certificate DER, as `issuer`, which issued it
 * @throws RangeError when either is no certificate
 * @see RFC 6960, section 4.1.1 (CertID)
 */
export function ocspCertId(certificate: Uint8Array, issuer: Uint8Array): OcspCertId {
  const [, bits] = derElements(derElement(fieldsOf(issuer).key, SEQUENCE).content)
  if (bits?.tag !== BITS) throw new RangeError('a certificate without a key')
  return {
    issuerNameHash: sha384(fieldsOf(issuer).subject),
    // Without the byte that counts unused bits.
    issuerKeyHash: sha384(bits.content.subarray(1)),
    serial: derElement(fieldsOf(certificate).serial, INTEGER).content,
  }
}

/**
 * An OCSP request about one certificate, DER. Without a nonce: an answer that carries one is of no use to the next
 * who asks, and how old an answer is says its own window.
 *
 * @see RFC 6960, section 4.1.1; appendix A.1 for how it travels
 */
export function encodeOcspRequest({ issuerNameHash, issuerKeyHash, serial }: OcspCertId): Uint8Array {
  const algorithm = encodeDer(SEQUENCE, encodeDer(OID, SHA384_OID), encodeDer(NULL))
  const id = encodeDer(
    SEQUENCE,
    algorithm,
    encodeDer(OCTETS, issuerNameHash),
    encodeDer(OCTETS, issuerKeyHash),
    encodeDer(INTEGER, serial),
  )
  // OCSPRequest, TBSRequest, requestList, Request: each a sequence with nothing else in it.
  return encodeDer(SEQUENCE, encodeDer(SEQUENCE, encodeDer(SEQUENCE, encodeDer(SEQUENCE, id))))
}

/** Whether an answer is about the certificate that is so named. */
export function isAbout(answer: OcspAnswer, id: OcspCertId): boolean {
  const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b)
  return (
    answer.hash === 'sha384' &&
    answer.serial === serialOf(id) &&
    same(answer.issuerNameHash, id.issuerNameHash) &&
    same(answer.issuerKeyHash, id.issuerKeyHash)
  )
}

/** The serial number as the verifier writes it: hex, without the byte that keeps a number positive. */
export function serialOf({ serial }: OcspCertId): string {
  const bytes = serial.length > 1 && serial[0] === 0 ? serial.subarray(1) : serial
  return Buffer.from(bytes).toString('hex')
}

interface CertificateFields {
  readonly serial: Uint8Array
  readonly subject: Uint8Array
  readonly key: Uint8Array
}

// The bytes as they are written: names that mean the same may be written in several ways, and have several digests.
function fieldsOf(certificate: Uint8Array): CertificateFields {
  const [tbs] = derElements(derElement(certificate, SEQUENCE).content)
  if (tbs === undefined) throw new RangeError('not a certificate')
  const fields = derElements(tbs.content)
  const at = fields[0]?.tag === EXPLICIT_0 ? 1 : 0
  // serial, signature, issuer, validity, subject, key: RFC 5280, section 4.1.
  const [serial, subject, key] = [fields[at], fields[at + 4], fields[at + 5]]
  if (serial === undefined || subject === undefined || key === undefined) throw new RangeError('not a certificate')
  return { serial: serial.raw, subject: subject.raw, key: key.raw }
}

function sha384(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha384').update(bytes).digest())
}
