import type { DigestJob } from '../crypto/jobs.ts'
import { type AlgorithmProfile, STRICT } from './algorithms.ts'
import {
  type Certificate,
  type Extension,
  openSigned,
  readExtensions,
  readSerial,
  readTime,
  skipSameAlgorithm,
  skipSerial,
  unknownCritical,
} from './certificate.ts'
import { type DerReader, TAG } from './der.ts'
import { type Name, readName } from './name.ts'
import type { Signed } from './signature.ts'

/** A parsed certificate revocation list. */
export interface Crl {
  readonly der: Uint8Array
  readonly issuer: Name
  /** Milliseconds since 1970; both ends belong to the validity. */
  readonly thisUpdate: number
  /** A list that does not say when the next one comes has none: such a list never counts as current. */
  readonly nextUpdate: number | undefined
  /** Serial numbers of revoked certificates. */
  readonly revoked: RevokedSerials
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
 * @param pool certificates parsed before: a name that one of them has is not read again
 * @throws EvidenceError
 * @see RFC 5280, section 5.1
 */
export function parseCrl(der: Uint8Array, profile: AlgorithmProfile = STRICT, pool: readonly Certificate[] = []): Crl {
  const { tbs, algorithm, signed } = openSigned(der, 'crl', 'tbsCertList', MAX_CRL, profile)
  if (tbs.peek() === TAG.integer && tbs.smallInteger('version') !== 1) {
    throw tbs.error('malformed', 'another version', 'CRL version 2', 'version')
  }
  skipSameAlgorithm(tbs, 'tbsCertList.signature', algorithm)
  const issuer = readName(tbs, 'issuer', pool)
  const thisUpdate = readTime(tbs, 'thisUpdate')
  const hasNext = tbs.peek() === TAG.utcTime || tbs.peek() === TAG.generalizedTime
  const nextUpdate = hasNext ? readTime(tbs, 'nextUpdate') : undefined
  const revoked = new RevokedSerials(tbs.peek() === TAG.sequence ? tbs.inside(TAG.sequence, ENTRIES) : undefined)
  const extensions = tbs.peek() === 0xa0 ? readExtensions(tbs, 0xa0) : new Map<string, Extension>()
  tbs.finish('tbsCertList')
  return {
    der,
    issuer,
    thisUpdate,
    nextUpdate,
    revoked,
    signed,
    signatureAlgorithm: algorithm.oid,
    extensions,
    unknownCritical: unknownCritical(extensions, []),
    digest: { kind: 'digest', algorithm: 'sha256', data: der },
  }
}

const ENTRIES = 'revokedCertificates'

/**
 * The serial numbers of a revocation list, as {@link readSerial} gives them. Writing them all as text takes longer than
 * reading the rest of the list: mostly the last two bytes tell that a number is not among them.
 */
export class RevokedSerials {
  readonly #list: DerReader | undefined
  readonly #start: number
  // Adding to a set would take longer than all the looking that is done.
  readonly #ends: number[] = []
  #all: ReadonlySet<string> | undefined

  /** Reads all entries. @throws EvidenceError */
  constructor(list: DerReader | undefined) {
    this.#list = list
    this.#start = list?.at ?? 0
    while (list?.done === false) {
      const entry = list.inside(TAG.sequence, ENTRIES)
      const start = skipSerial(entry)
      const { bytes, at } = entry
      this.#ends.push((bytes[at - 1] as number) + (at - start > 1 ? 256 * (bytes[at - 2] as number) : 0))
      readTime(entry, `${ENTRIES}.revocationDate`)
      if (entry.peek() === TAG.sequence) entry.skipAny(`${ENTRIES}.crlEntryExtensions`)
      entry.finish(ENTRIES)
    }
  }

  /** Whether a certificate with this serial number is revoked. */
  has(serial: string): boolean {
    const end = Number.parseInt(serial.replace('-', '').slice(-4), 16)
    return this.#ends.includes(end) && this.all.has(serial)
  }

  /** All of them. */
  get all(): ReadonlySet<string> {
    this.#all ??= this.#texts()
    return this.#all
  }

  #texts(): ReadonlySet<string> {
    const texts = new Set<string>()
    const list = this.#list
    if (list === undefined) return texts
    list.at = this.#start
    while (!list.done) texts.add(readSerial(list.inside(TAG.sequence, ENTRIES)))
    return texts
  }
}
