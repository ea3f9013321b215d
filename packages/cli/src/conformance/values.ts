import { createHash, X509Certificate } from 'node:crypto'
import { EvidenceError, type TrustAnchor } from '@sekisho/evidence'

/** Lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Lower-case hex; null for nothing. */
export function hexOrNull(bytes: Uint8Array | null | undefined): string | null {
  return bytes === null || bytes === undefined ? null : hex(bytes)
}

/** Lower-case hex of the SHA-256. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** ISO 8601 in UTC, to the second, of milliseconds since 1970. */
export function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

/** What was read, or undefined when it cannot be. */
export function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

/** A certificate in DER as Node.js reads it. As PEM: handed DER, the parser would look for PEM text inside of it first. */
export function shownCertificate(der: Uint8Array): X509Certificate {
  const base64 = Buffer.from(der).toString('base64')
  return new X509Certificate(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`)
}

/** A subject's attributes as Node.js writes them, the last first. */
export function subjectOf({ subject }: X509Certificate): string {
  return subject.split('\n').reverse().join(',')
}

/** The root of a case's own hierarchy as an emulated anchor; `der` is the certificate of the root. */
export function emulatedAnchor(der: Uint8Array): TrustAnchor {
  const spki = new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' })
  return { id: 'case-root', name: 'root of the case', vendor: 'test', spkiSha256: sha256Hex(spki), emulated: true }
}
