import { EvidenceError, refuse } from '../core/errors.ts'
import { type DigestJob, sha256 } from '../crypto/jobs.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { type Crl, parseCrl } from '../x509/crl.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { WIDE } from '../x509/wide-algorithms.ts'
import { onP521, paddedPoint } from './point.ts'

/** A host key document, and the digest of its key that names the host everywhere. */
export interface HostKeyDocument {
  readonly certificate: Certificate
  /** SHA-256 of x and y, each padded to 80 bytes. */
  readonly keyHash: DigestJob
}

/** Certificates and revocation lists of some files, and why others cannot be read. */
export interface X509Files {
  readonly hosts: readonly HostKeyDocument[]
  readonly certificates: readonly Certificate[]
  readonly crls: readonly Crl[]
  readonly error: EvidenceError | undefined
}

const MAX_FILES = 64
const MAX_OBJECTS = 64
const MAX_CERTIFICATES = 16

/** Reads files in PEM or DER, each with any number of certificates and lists. What cannot be read is named, not thrown. */
export function readX509Files(files: readonly Uint8Array[]): X509Files {
  if (files.length > MAX_FILES) throw new TypeError(`files: at most ${MAX_FILES}`)
  const hosts: HostKeyDocument[] = []
  const certificates: Certificate[] = []
  const crls: Crl[] = []
  let error: EvidenceError | undefined
  for (const file of files) {
    try {
      for (const der of splitFile(new Uint8Array(file))) {
        if (hosts.length + certificates.length + crls.length > MAX_OBJECTS) throw tooMany()
        if (isList(der)) crls.push(parseCrl(der, WIDE))
        else place(parseCertificate(der, certificates.slice(), WIDE), hosts, certificates)
      }
    } catch (thrown) {
      if (!(thrown instanceof EvidenceError)) throw thrown
      error ??= thrown
    }
  }
  return { hosts, certificates, crls, error }
}

function tooMany(): EvidenceError {
  return refuse(
    'files',
    'more objects',
    `at most ${MAX_CERTIFICATES} certificates and ${MAX_OBJECTS} objects`,
    0,
    'too-large',
  )
}

function place(certificate: Certificate, hosts: HostKeyDocument[], certificates: Certificate[]): void {
  const document = hostKeyDocument(certificate)
  const list: { readonly length: number } = document === undefined ? certificates : hosts
  if (list.length >= MAX_CERTIFICATES) throw tooMany()
  if (document !== undefined) hosts.push(document)
  else if (!certificates.some((one) => one.der === certificate.der)) certificates.push(certificate)
}

/** A certificate as a host key document; undefined when its key is not on P-521, as no other certificate's is. */
export function hostKeyDocument(certificate: Certificate): HostKeyDocument | undefined {
  const { key } = certificate
  if (key?.kind !== 'P-521') return undefined
  if (!onP521(key.bytes)) throw refuse('hostKeyDocument.publicKey', 'no such point', 'a point on P-521')
  return { certificate, keyHash: sha256(paddedPoint(key.bytes)) }
}

const LABELS = { CERTIFICATE: 'CERTIFICATE', 'X509 CRL': 'X509 CRL' } as const

/** DER of every object in a file: the file itself, or its PEM blocks; what stands between them is for people. */
function splitFile(file: Uint8Array): readonly Uint8Array[] {
  if (file[0] === 0x30) return [file]
  const text = new TextDecoder('latin1').decode(file)
  const ders: Uint8Array[] = []
  let at = text.indexOf('-----BEGIN ')
  while (at >= 0) {
    const label = text.slice(at + 11, text.indexOf('-----', at + 11))
    if (!Object.hasOwn(LABELS, label)) throw refuse('file', 'another label', '`CERTIFICATE` or `X509 CRL`', at)
    const start = at + 16 + label.length
    const end = text.indexOf(`-----END ${label}-----`, start)
    const der = end < 0 ? undefined : decodeBase64(text.slice(start, end))
    if (der === undefined || ders.length === MAX_OBJECTS)
      throw refuse('file', 'no whole block', `at most ${MAX_OBJECTS} blocks of base64`, at)
    ders.push(der)
    at = text.indexOf('-----BEGIN ', end)
  }
  if (ders.length === 0) throw refuse('file', 'neither', 'certificates or revocation lists, DER or PEM')
  return ders
}

/** A list has no version, or version 2 and then an algorithm; a certificate has an explicit version, or a serial of its own. */
function isList(der: Uint8Array): boolean {
  // TBSCertList begins with INTEGER 1 or a SEQUENCE; the serial of a version 1 certificate may be 1 too, but issuers of those are gone.
  const tbs = headerLength(der, 0)
  const inside = tbs + headerLength(der, tbs)
  return der[inside] === 0x30 || (der[inside] === 0x02 && der[inside + 1] === 1 && der[inside + 2] === 1)
}

function headerLength(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0
  return length < 0x80 ? 2 : 2 + (length & 0x7f)
}
