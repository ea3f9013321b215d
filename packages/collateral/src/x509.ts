import { createHash } from 'node:crypto'
import { AMD, decodePem, type PublicKey, parseCertificate, parseCrl, verifiesUnder, WIDE } from '@sekisho/evidence/x509'

/** As much of a certificate as the checks at the door need. The verifier reads it again. */
export interface CertificateFacts {
  readonly der: Uint8Array
  readonly issuer: string
  readonly subject: string
  readonly commonName: string
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  /** Undefined when it is of no kind that endorsements use. */
  readonly key: PublicKey | undefined
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string
  /** Content of extensions, by OID. */
  readonly extensions: ReadonlyMap<string, Uint8Array>
  /** Whether `issuer` issued and signed this certificate. */
  issuedBy(issuer: CertificateFacts): boolean
}

/** As much of a CRL as the checks at the door need. */
export interface CrlFacts {
  readonly der: Uint8Array
  readonly issuer: string
  readonly thisUpdate: number
  readonly nextUpdate: number
  /** Whether `issuer` issued and signed this list. */
  issuedBy(issuer: CertificateFacts): boolean
}

/**
 * Reads one DER certificate.
 * @param algorithms those that count: of AMD's and Intel's chains, or of NVIDIA's
 * @throws EvidenceError when it is none
 */
export function readCertificate(der: Uint8Array, algorithms: 'hardware' | 'wide' = 'hardware'): CertificateFacts {
  const profile = algorithms === 'wide' ? WIDE : AMD
  const { issuer, subject, notBefore, notAfter, key, spki, extensions, signed } = parseCertificate(der, [], profile)
  return {
    der,
    issuer: issuer.key,
    subject: subject.key,
    commonName: subject.commonName ?? '',
    notBefore,
    notAfter,
    key,
    spkiSha256: createHash('sha256').update(spki).digest('hex'),
    extensions: new Map([...extensions].map(([oid, { value }]) => [oid, value])),
    issuedBy: (other) => issuer.key === other.subject && other.key !== undefined && verifiesUnder(signed, other.key),
  }
}

/** Reads one DER certificate list. @throws EvidenceError when it is none, RangeError when it says no next update */
export function readCrl(der: Uint8Array): CrlFacts {
  const { issuer, thisUpdate, nextUpdate, signed } = parseCrl(der, AMD)
  if (nextUpdate === undefined) throw new RangeError('a revocation list without a next update')
  return {
    der,
    issuer: issuer.key,
    thisUpdate,
    nextUpdate,
    issuedBy: (other) => issuer.key === other.subject && other.key !== undefined && verifiesUnder(signed, other.key),
  }
}

const MAX_PEM = 64 * 1024
const MAX_CERTIFICATES = 8

/**
 * Certificates of a PEM text, at most 8, in order; nothing but white space and NUL around them.
 * @throws Error when it is anything else
 */
export function readPemChain(text: string): readonly CertificateFacts[] {
  if (text.length > MAX_PEM) throw new RangeError(`a chain of more than ${MAX_PEM} characters`)
  const blocks = decodePem(text, 'CERTIFICATE', 'chain')
  if (blocks.length === 0 || blocks.length > MAX_CERTIFICATES) throw new RangeError('not a chain of PEM certificates')
  return blocks.map((der) => readCertificate(der))
}
