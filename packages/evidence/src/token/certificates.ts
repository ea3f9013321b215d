import { digestHex } from '../core/assemble.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import { isList, type Json } from '../core/json.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import type { DigestJob, Job, PublicKey, SignatureJob } from '../crypto/jobs.ts'
import { type Certificate, KEY_USAGE, parseCertificate } from '../x509/certificate.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { WIDE } from '../x509/wide-algorithms.ts'

const MAX_CHAIN = 8

/** The certificates that a token, or a key of a set, brings along: leaf first, root last. */
export interface TokenChain {
  readonly certificates: readonly Certificate[]
  /** Each certificate under the next one, the last under itself; undefined where it cannot verify. */
  readonly signatures: readonly (SignatureJob | undefined)[]
  /** Why they could not be read. */
  readonly fault: string | undefined
}

/** Reads the chain of a token's header. Certificates that cannot be read are a fault, no error: the verdict names it. */
export function readChain(x5c: Json): TokenChain {
  try {
    return parseChain(x5c, 'x5c')
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { certificates: [], signatures: [], fault: error.message }
  }
}

/** Reads the certificates of an `x5c` member. @throws EvidenceError @see RFC 7515, section 4.1.6; RFC 7517, section 4.7 */
export function parseChain(x5c: Json | undefined, field: string): TokenChain {
  const certificates = decodeChain(x5c, field).map((der) => parseCertificate(der, [], WIDE))
  const signatures = certificates.map((one, i) => {
    const key = (certificates[i + 1] ?? one).key
    return key === undefined ? undefined : one.signed.by(key)
  })
  return { certificates, signatures, fault: undefined }
}

function decodeChain(x5c: Json | undefined, field: string): readonly Uint8Array[] {
  if (!isList(x5c) || x5c.length === 0 || x5c.length > MAX_CHAIN)
    throw bad(field, `a list of 1 to ${MAX_CHAIN} certificates`)
  return x5c.map((one) => {
    const der = typeof one === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(one) ? decodeBase64(one) : undefined
    if (der === undefined) throw bad(field, 'certificates in base64')
    return der
  })
}

function bad(field: string, expected: string): EvidenceError {
  return refuse(field, 'another value', expected)
}

/** What must be computed before the chain can be judged. */
export function chainJobs({ certificates, signatures }: TokenChain): readonly Job[] {
  const digests: DigestJob[] = certificates.map((one) => one.spkiDigest)
  return [...digests, ...signatures.filter((job) => job !== undefined)]
}

/** The leaf's key. */
export function leafKey(chain: TokenChain): PublicKey | undefined {
  return chain.certificates[0]?.key
}

/** The anchor whose key the last certificate has. */
export function chainAnchor(chain: TokenChain, anchors: readonly TrustAnchor[]): TrustAnchor | undefined {
  const root = chain.certificates.at(-1)
  if (root === undefined) return undefined
  const digest = digestHex(root.spkiDigest)
  return anchors.find((anchor) => anchor.spkiSha256 === digest)
}

/** Why names, constraints and usages do not form a path; undefined when they do. @see RFC 5280, section 6.1 */
export function pathFault({ certificates }: TokenChain): string | undefined {
  for (const [i, one] of certificates.entries()) {
    const issuer = certificates[i + 1] ?? one
    if (one.issuer.key !== issuer.subject.key) return `certificate ${i} was not issued by the next one`
    if (one.version !== 3) return `certificate ${i} is of version ${one.version}`
    if (one.unknownCritical.length > 0) return `certificate ${i} has an unknown critical extension`
    const fault = i === 0 ? leafFault(one) : authorityFault(one, i - 1)
    if (fault !== undefined) return `certificate ${i} ${fault}`
  }
  return certificates.length < 2 ? 'there is no authority in the chain' : undefined
}

function leafFault({ basicConstraints, keyUsage }: Certificate): string | undefined {
  if (basicConstraints?.ca === true) return 'is an authority, and signs the token'
  return keyUsage?.has(KEY_USAGE.digitalSignature) === false ? 'must not sign, says its key usage' : undefined
}

function authorityFault({ basicConstraints, keyUsage }: Certificate, below: number): string | undefined {
  if (basicConstraints?.ca !== true) return 'is no authority'
  if (keyUsage?.has(KEY_USAGE.keyCertSign) === false) return 'must not sign certificates'
  const { pathLength } = basicConstraints
  return pathLength !== undefined && pathLength < below ? 'allows fewer authorities below it' : undefined
}
