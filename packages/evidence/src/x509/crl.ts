import { equalBytes } from '../core/bytes.ts'
import type { DigestJob } from '../crypto/jobs.ts'
import { type AlgorithmProfile, readSignatureAlgorithm, STRICT } from './algorithms.ts'
import { type Extension, readExtensions, readSerial, readTime, unknownCritical } from './certificate.ts'
import { DerReader, TAG } from './der.ts'
import { type Name, readName } from './name.ts'
import { Signed } from './signature.ts'

/** A parsed certificate revocation list. */
export interface Crl {
  readonly der: Uint8Array
  readonly issuer: Name
  /** Milliseconds since 1970; both ends belong to the validity. */
  readonly thisUpdate: number
  /** A list that does not say when the next one comes has none: such a list never counts as current. */
  readonly nextUpdate: number | undefined
  /** Serial numbers of revoked certificates, as {@link readSerial} writes them. */
  readonly revoked: ReadonlySet<string>
  readonly signed: Signed
  readonly signatureAlgorithm: string
  readonly extensions: ReadonlyMap<string, Extension>
  readonly unknownCritical: readonly string[]
  /** SHA-256 of `der`. */
  readonly digest: DigestJob
}

const MAX_CRL = 4 * 1024 * 1024

/**
 * Parses one DER certificate list; nothing may follow it. `der` is kept, not copied.
 * @throws EvidenceError
 * @see RFC 5280, section 5.1
 */
export function parseCrl(der: Uint8Array, profile: AlgorithmProfile = STRICT): Crl {
  const outer = new DerReader(der, 'crl')
  if (der.length > MAX_CRL) throw outer.error('too-large', `${der.length} bytes`, `at most ${MAX_CRL} bytes`, 'length')
  const body = outer.inside(TAG.sequence, 'crl')
  outer.finish('crl')
  const tbsElement = body.element(TAG.sequence, 'tbsCertList')
  const algorithm = readSignatureAlgorithm(body, 'signatureAlgorithm', profile)
  const signature = body.bits('signatureValue')
  body.finish('signatureValue')

  const tbs = body.within(tbsElement)
  if (tbs.peek() === TAG.integer && tbs.smallInteger('version') !== 1) {
    throw tbs.error('malformed', 'another version', 'CRL version 2', 'version')
  }
  const inner = tbs.whole(tbs.element(TAG.sequence, 'tbsCertList.signature'))
  if (!equalBytes(inner, algorithm.raw)) {
    throw tbs.error(
      'malformed',
      'another algorithm than the outer one',
      'the same signature algorithm inside and outside',
      'signatureAlgorithm',
    )
  }
  const issuer = readName(tbs, 'issuer')
  const thisUpdate = readTime(tbs, 'thisUpdate')
  const hasNext = tbs.peek() === TAG.utcTime || tbs.peek() === TAG.generalizedTime
  const nextUpdate = hasNext ? readTime(tbs, 'nextUpdate') : undefined
  const revoked = tbs.peek() === TAG.sequence ? readRevoked(tbs) : new Set<string>()
  const extensions = tbs.peek() === 0xa0 ? readExtensions(tbs, 0xa0) : new Map<string, Extension>()
  tbs.finish('tbsCertList')
  return {
    der,
    issuer,
    thisUpdate,
    nextUpdate,
    revoked,
    signed: new Signed(body.whole(tbsElement), algorithm.scheme, signature, 'der'),
    signatureAlgorithm: algorithm.oid,
    extensions,
    unknownCritical: unknownCritical(extensions, []),
    digest: { kind: 'digest', algorithm: 'sha256', data: der },
  }
}

function readRevoked(tbs: DerReader): ReadonlySet<string> {
  const list = tbs.inside(TAG.sequence, 'revokedCertificates')
  const revoked = new Set<string>()
  while (!list.done) {
    const entry = list.inside(TAG.sequence, 'revokedCertificates')
    revoked.add(readSerial(entry))
    readTime(entry, 'revokedCertificates.revocationDate')
    if (entry.peek() === TAG.sequence) entry.any('revokedCertificates.crlEntryExtensions')
    entry.finish('revokedCertificates')
  }
  return revoked
}
