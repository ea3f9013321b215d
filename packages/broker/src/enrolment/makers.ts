import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import type { TrustAnchor } from '@sekisho/evidence'

/** Roots of TPM makers that the operator vouches for, and certificates that lie between them and endorsement keys. */
export interface TpmRoots {
  /** Not emulated: each says in its name that the operator named it. */
  readonly anchors: readonly TrustAnchor[]
  /** DER, the roots' own among them. */
  readonly pool: readonly Uint8Array[]
}

const MAX_CERTIFICATES = 512
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]{1,20000}-----END CERTIFICATE-----/g

/**
 * Reads the certificates of TPM makers' authorities. Those that sign themselves become trust anchors, by their keys;
 * the others fill in what a machine does not bring of the way up to them.
 *
 * @param pem certificates in PEM, in any order, text between them allowed
 * @throws TypeError for a certificate that cannot be read, more than 512 of them, none that signs itself, or a root of
 *   emulated platforms: no word of an operator makes those real
 */
export function readTpmRoots(pem: string): TpmRoots {
  const blocks = pem.match(BLOCK) ?? []
  if (blocks.length > MAX_CERTIFICATES) throw new TypeError(`more than ${MAX_CERTIFICATES} certificates`)
  const certificates = blocks.map((block, i) => {
    const read = readCertificate(block)
    if (read === undefined) throw new TypeError(`certificate ${i + 1} cannot be read`)
    return read
  })
  const anchors = certificates.filter(isRoot).map(anchorOf)
  if (anchors.length === 0)
    throw new TypeError('expected certificates in PEM, the root last: none of them signs itself')
  const emulated = certificates.find(({ subject, issuer }) => /EMULATED/i.test(`${subject}\n${issuer}`))
  if (emulated !== undefined)
    throw new TypeError(`${commonName(emulated)} is of emulated platforms, which are trusted by being told so only`)
  return { anchors, pool: certificates.map((one) => new Uint8Array(one.raw)) }
}

/** Several files' roots as one. */
export function joinTpmRoots(all: readonly TpmRoots[]): TpmRoots {
  const anchors = new Map(all.flatMap((one) => one.anchors.map((anchor) => [anchor.spkiSha256, anchor])))
  return { anchors: [...anchors.values()], pool: all.flatMap(({ pool }) => pool) }
}

const MAX_LINKS = 8

/** The authorities that are trusted to vouch for endorsement keys. */
export interface TpmMakers {
  /**
   * The way from an endorsement key's certificate up to a trusted root: over certificates that came along, and those of
   * the pool. Only signatures and names are looked at here, so that a machine with a certificate of nobody's making is
   * sent away early; the rest (dates, uses, constraints) is judged with each quote, on these very certificates.
   *
   * @param given DER, leaf first, the others in any order
   * @returns DER, leaf first, root last; undefined when there is no way
   */
  pathFrom(given: readonly Uint8Array[]): readonly Uint8Array[] | undefined
}

/** @param pool DER, of the operator's files */
export function tpmMakers(anchors: readonly TrustAnchor[], pool: readonly Uint8Array[]): TpmMakers {
  const trusted = new Set(anchors.map(({ spkiSha256 }) => spkiSha256))
  let known: readonly X509Certificate[] | undefined
  return {
    pathFrom([first, ...others]) {
      const leaf = first === undefined ? undefined : readCertificate(first)
      if (leaf === undefined) return undefined
      known ??= readAll(pool)
      const path = climb([leaf], new Set([...readAll(others), ...known]), trusted)
      return path?.map((one) => new Uint8Array(one.raw))
    },
  }
}

function readAll(ders: readonly Uint8Array[]): readonly X509Certificate[] {
  return ders.map(readCertificate).filter((one) => one !== undefined)
}

/** Depth first. Each issuer is tried once: where the first way to it led nowhere, so does every other. */
function climb(
  path: readonly [X509Certificate, ...X509Certificate[]],
  untried: Set<X509Certificate>,
  trusted: ReadonlySet<string>,
): readonly X509Certificate[] | undefined {
  const last = path.at(-1) ?? path[0]
  if (path.length > 1 && trusted.has(spkiSha256(last))) return path
  if (path.length === MAX_LINKS) return undefined
  for (const issuer of untried) {
    // What signs itself leads nowhere but to itself.
    if (issuer.raw.equals(last.raw) || !isSignedBy(last, issuer)) continue
    untried.delete(issuer)
    const found = climb([...path, issuer], untried, trusted)
    if (found !== undefined) return found
  }
  return undefined
}

function readCertificate(encoded: string | Uint8Array): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(encoded)
    // OpenSSL looks for PEM first, also inside of DER: what was sent must be what is read, as others read it too.
    const { raw } = certificate
    return typeof encoded === 'string' || raw.equals(encoded.subarray(0, raw.length)) ? certificate : undefined
  } catch {
    return undefined
  }
}

function keyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey
  } catch {
    // A key of a kind that is not known here: endorsement keys may be such, authorities must not.
    return undefined
  }
}

function isSignedBy(one: X509Certificate, issuer: X509Certificate): boolean {
  if (one.issuer !== issuer.subject) return false
  const key = keyOf(issuer)
  try {
    return key !== undefined && one.verify(key)
  } catch {
    // A signature of another kind than the key's.
    return false
  }
}

function isRoot(certificate: X509Certificate): boolean {
  return isSignedBy(certificate, certificate)
}

function spkiSha256(certificate: X509Certificate): string {
  const spki = keyOf(certificate)?.export({ type: 'spki', format: 'der' })
  return spki === undefined ? '' : createHash('sha256').update(spki).digest('hex')
}

function commonName({ subject }: X509Certificate): string {
  const name = /^CN=(.+)$/m.exec(subject)?.[1] ?? /^O=(.+)$/m.exec(subject)?.[1] ?? 'a root without a name'
  return name.slice(0, 64)
}

function anchorOf(root: X509Certificate): TrustAnchor {
  const digest = spkiSha256(root)
  return {
    id: `operator-tpm-root-${digest.slice(0, 16)}`,
    name: `${commonName(root)}, a TPM maker’s root named by the operator`,
    vendor: 'tpm',
    spkiSha256: digest,
  }
}
