import { digestHex } from '../core/assemble.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import type { Job, SignatureJob } from '../crypto/jobs.ts'
import { type Certificate, KEY_USAGE } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { namesIssuer } from './key-ids.ts'
import { isSigningService, listNames } from './names.ts'
import type { HostKeyDocument, X509Files } from './x509-files.ts'

/** Certificates between the signing key and the root. */
export const MAX_INTERMEDIATES = 2

/** Every signature that may be asked for, so that all can be settled before a path is chosen. */
export function candidateJobs({ hosts, certificates, crls }: X509Files): readonly Job[] {
  const jobs: Job[] = []
  const add = (job: SignatureJob | undefined): void => {
    if (job !== undefined) jobs.push(job)
  }
  const service = certificates.filter(({ subject }) => isSigningService(subject))
  for (const issuer of certificates) {
    const { key } = issuer
    jobs.push(issuer.spkiDigest, issuer.digest)
    if (key === undefined) continue
    for (const one of certificates) if (one.issuer.key === issuer.subject.key) add(one.signed.by(key))
    const names = service.includes(issuer) ? listNames(issuer.subject) : [issuer.subject.key]
    for (const crl of crls) if (names.includes(crl.issuer.key)) add(crl.signed.by(key))
    if (service.includes(issuer)) for (const { certificate } of hosts) add(certificate.signed.by(key))
  }
  for (const { certificate, keyHash } of hosts) jobs.push(certificate.digest, keyHash)
  for (const { digest } of crls) jobs.push(digest)
  return jobs
}

/** Whether an object is signed by a key; a certificate or list must have been settled. */
export function isSignedBy(one: Certificate | Crl, { key }: Certificate): boolean {
  return key !== undefined && one.signed.by(key)?.result === true
}

/** What was found above the signing key. */
export interface Path {
  /** The signing key's certificate first. Ends at a self-issued one, or where no issuer was found. */
  readonly certificates: readonly Certificate[]
  readonly complete: boolean
}

/**
 * Goes from the signing key up to a self-issued certificate. Of several issuers of one name the one
 * whose key signed is taken, so that a namesake does no harm.
 */
export function findPath(signing: Certificate, certificates: readonly Certificate[]): Path {
  const path = [signing]
  for (let depth = 0; depth <= MAX_INTERMEDIATES + 1; depth++) {
    const last = path[path.length - 1] as Certificate
    if (last.issuer.key === last.subject.key)
      return { certificates: path, complete: depth > 0 && path.length <= MAX_INTERMEDIATES + 2 }
    const issuers = certificates.filter(
      (one) => one !== last && one.subject.key === last.issuer.key && namesIssuer(last.extensions, one),
    )
    const next = issuers.find((one) => isSignedBy(last, one)) ?? issuers[0]
    if (next === undefined || path.includes(next)) break
    path.push(next)
  }
  return { certificates: path, complete: false }
}

/** What became of looking for a list of one issuer. */
export interface ListSearch {
  /** Lists that count: of this issuer, signed by it, with its key identifier, and current. */
  readonly usable: readonly Crl[]
  /** True when a list would count, were it not for its dates. */
  readonly stale: boolean
}

/** Lists of an issuer at a time. Lists that are expired, early or signed by another key count as absent. */
export function findLists(issuer: Certificate, names: readonly string[], crls: readonly Crl[], at: number): ListSearch {
  const name = names.find((key) => crls.some((crl) => crl.issuer.key === key))
  const genuine = crls.filter(
    (crl) =>
      crl.issuer.key === name &&
      namesIssuer(crl.extensions, issuer) &&
      crl.unknownCritical.length === 0 &&
      isSignedBy(crl, issuer),
  )
  const usable = genuine.filter(
    ({ thisUpdate, nextUpdate }) => thisUpdate <= at && nextUpdate !== undefined && at < nextUpdate,
  )
  return { usable, stale: usable.length === 0 && genuine.length > 0 }
}

const EXTENDED_KEY_USAGE = '2.5.29.37'
const MIN_RSA = 2048

/** What is wrong with one certificate of a path by the rules of X.509; undefined when nothing is. */
export function constraintFault(certificate: Certificate, position: number): string | undefined {
  const unknown = certificate.unknownCritical.filter((oid) => oid !== EXTENDED_KEY_USAGE)
  if (unknown.length > 0) return `has a critical extension that is not known (${unknown[0]})`
  if (certificate.version !== 3) return 'is not of version 3'
  if (position === 0) return undefined
  const { basicConstraints, keyUsage } = certificate
  if (basicConstraints?.ca !== true) return 'is no certificate authority'
  if (keyUsage !== undefined && !(keyUsage.has(KEY_USAGE.keyCertSign) && keyUsage.has(KEY_USAGE.crlSign)))
    return 'may not sign certificates and lists'
  if (basicConstraints.pathLength !== undefined && basicConstraints.pathLength < position - 1)
    return 'allows a shorter path only'
  return undefined
}

/** Whether key and signature have at least 112 bits of strength. */
export function isStrong({ key, signed }: Certificate): boolean {
  return signed.scheme !== undefined && key !== undefined && (key.kind !== 'RSA' || (key.bits ?? 0) >= MIN_RSA)
}

/** The anchor that the last certificate of a path is. */
export function anchorOf({ certificates, complete }: Path, anchors: readonly TrustAnchor[]): TrustAnchor | undefined {
  const root = certificates.at(-1)
  const spki = root === undefined || !complete ? undefined : digestHex(root.spkiDigest)
  return anchors.find((anchor) => anchor.spkiSha256 === spki)
}

/** The signing certificates among those given, recognised by their subjects. */
export function signingCertificates({ certificates }: X509Files): readonly Certificate[] {
  return certificates.filter(({ subject }) => isSigningService(subject))
}

/** Whether a host key document is listed on any of these lists. */
export function isListed({ certificate }: Pick<HostKeyDocument, 'certificate'>, lists: readonly Crl[]): boolean {
  return lists.some(({ revoked }) => revoked.has(certificate.serial))
}
