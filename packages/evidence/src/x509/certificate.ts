import { equalBytes, toHex } from '../core/bytes.ts'
import type { EvidenceError } from '../core/errors.ts'
import type { DigestJob, PublicKey } from '../crypto/jobs.ts'
import {
  type AlgorithmIdentifier,
  type AlgorithmProfile,
  readPublicKey,
  readSignatureAlgorithm,
  STRICT,
} from './algorithms.ts'
import { DerReader, TAG } from './der.ts'
import { type Name, readName } from './name.ts'
import { Signed } from './signature.ts'

/** One extension of a certificate or CRL. */
export interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

/** A parsed X.509 certificate. Nothing in it is trusted before its chain was checked. */
export interface Certificate {
  readonly der: Uint8Array
  /** X.509 version, 1 to 3. */
  readonly version: number
  /** Hex of the serial number without sign byte; `-` in front of a negative one. */
  readonly serial: string
  readonly issuer: Name
  readonly subject: Name
  /** Milliseconds since 1970; both ends belong to the validity. */
  readonly notBefore: number
  readonly notAfter: number
  readonly spki: Uint8Array
  /** Undefined when the key is of no kind that evidence uses. */
  readonly key: PublicKey | undefined
  readonly keyKind: string
  readonly signatureAlgorithm: string
  readonly signed: Signed
  /** By OID; a certificate with an extension twice does not parse. */
  readonly extensions: ReadonlyMap<string, Extension>
  /** Undefined when the extension is absent. */
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined
  /** Named bits that are set, by number (RFC 5280, 4.2.1.3); undefined when the extension is absent. */
  readonly keyUsage: ReadonlySet<number> | undefined
  /** OIDs of critical extensions that this decoder does not process. */
  readonly unknownCritical: readonly string[]
  /** SHA-256 of `spki`, and of `der`. */
  readonly spkiDigest: DigestJob
  readonly digest: DigestJob
}

/** Bits of keyUsage. */
export const KEY_USAGE = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const

const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE_OID = '2.5.29.15'
const PROCESSED: readonly string[] = [BASIC_CONSTRAINTS, KEY_USAGE_OID]
const MAX_CERTIFICATE = 16 * 1024
const MAX_EXTENSIONS = 64

/**
 * Parses one DER certificate; nothing may follow it. `der` is kept, not copied.
 *
 * @param pool certificates parsed before: one with the same bytes is returned instead of parsing again,
 *   and a new one is added; all of one pool are parsed with the same profile
 * @param profile which algorithms count; under any other nothing verifies
 * @throws EvidenceError
 * @see RFC 5280, section 4.1
 */
export function parseCertificate(
  der: Uint8Array,
  pool: Certificate[] = [],
  profile: AlgorithmProfile = STRICT,
): Certificate {
  const known = pool.find((certificate) => equalBytes(certificate.der, der))
  if (known !== undefined) return known
  const certificate = parse(der, profile, pool)
  pool.push(certificate)
  return certificate
}

function parse(der: Uint8Array, profile: AlgorithmProfile, pool: readonly Certificate[]): Certificate {
  const { tbs, algorithm, signed } = openSigned(der, 'certificate', 'tbsCertificate', MAX_CERTIFICATE, profile)
  const version = readVersion(tbs)
  const serial = readSerial(tbs)
  skipSameAlgorithm(tbs, 'tbsCertificate.signature', algorithm)
  const issuer = readName(tbs, 'issuer', pool)
  const validity = tbs.inside(TAG.sequence, 'validity')
  const notBefore = readTime(validity, 'validity.notBefore')
  const notAfter = readTime(validity, 'validity.notAfter')
  validity.finish('validity')
  const subject = readName(tbs, 'subject', pool)
  const { spki, key, kind } = readPublicKey(tbs, profile)
  const extensions = version === 3 && tbs.peek() === 0xa3 ? readExtensions(tbs, 0xa3) : new Map<string, Extension>()
  tbs.finish('tbsCertificate')

  return {
    der,
    version,
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    key,
    keyKind: kind,
    signatureAlgorithm: algorithm.oid,
    signed,
    extensions,
    basicConstraints: readBasicConstraints(extensions.get(BASIC_CONSTRAINTS)),
    keyUsage: readKeyUsage(extensions.get(KEY_USAGE_OID)),
    unknownCritical: unknownCritical(extensions, PROCESSED),
    spkiDigest: { kind: 'digest', algorithm: 'sha256', data: spki },
    digest: { kind: 'digest', algorithm: 'sha256', data: der },
  }
}

/** A signed structure taken apart: a reader of what is signed, and the algorithm as it stands outside of that. */
interface Opened {
  readonly tbs: DerReader
  readonly algorithm: AlgorithmIdentifier
  readonly signed: Signed
}

/**
 * Opens a certificate or list of at most `most` bytes; nothing may follow it.
 * @see RFC 5280, sections 4.1.1 and 5.1.1
 */
export function openSigned(
  der: Uint8Array,
  what: string,
  field: string,
  most: number,
  profile: AlgorithmProfile,
): Opened {
  const outer = new DerReader(der, what)
  if (der.length > most) throw outer.error('too-large', `${der.length} bytes`, `at most ${most} bytes`, 'length')
  const body = outer.inside(TAG.sequence, what)
  outer.finish(what)
  const element = body.element(TAG.sequence, field)
  const algorithm = readSignatureAlgorithm(body, 'signatureAlgorithm', profile)
  const signature = body.bits('signatureValue')
  body.finish('signatureValue')
  const signed = new Signed(body.whole(element), algorithm.scheme, signature, 'der')
  return { tbs: body.within(element), algorithm, signed }
}

/** Moves behind the inner copy of the algorithm. Equal bytes say the same: it need not be read a second time. */
export function skipSameAlgorithm(tbs: DerReader, field: string, { raw }: AlgorithmIdentifier): void {
  if (equalBytes(tbs.whole(tbs.element(TAG.sequence, field)), raw)) return
  throw tbs.error(
    'malformed',
    'another algorithm than the outer one',
    'the same signature algorithm inside and outside',
    'signatureAlgorithm',
  )
}

function readVersion(tbs: DerReader): number {
  if (tbs.peek() !== 0xa0) return 1
  const version = tbs.inside(0xa0, 'version').smallInteger('version') + 1
  if (version > 3) throw tbs.error('malformed', `version ${version}`, 'X.509 version 1 to 3', 'version')
  return version
}

/** Hex of a serial number as certificates and CRLs are compared by: shortest form, `-` in front of a negative one. */
export function readSerial(from: DerReader): string {
  const start = skipSerial(from)
  const { bytes, at: end } = from
  let first = start
  while (first < end - 1 && bytes[first] === 0) first++
  return ((bytes[start] as number) >= 0x80 ? '-' : '') + toHex(bytes.subarray(first, end))
}

/** Moves behind a serial number. Returns where its content begins; it ends where the reader stands then. */
export function skipSerial(from: DerReader): number {
  const start = from.skipElement(TAG.integer, 'serialNumber')
  const size = from.at - start
  if (size === 0 || size > 32)
    throw from.error('malformed', `${size} bytes`, 'a serial number of 1 to 32 bytes', 'serialNumber')
  return start
}

/**
 * Reads a Time, UTCTime or GeneralizedTime, both in UTC with seconds, as milliseconds since 1970.
 * @see RFC 5280, section 4.1.2.5
 */
export function readTime(from: DerReader, field: string): number {
  const tag = from.peek()
  const start = from.skipAny(field)
  const { bytes, at: end } = from
  const years = tag === TAG.utcTime ? 2 : tag === TAG.generalizedTime ? 4 : 0
  if (years === 0 || end - start !== years + 11 || bytes[end - 1] !== 0x5a) throw badTime(from, field)
  const at = start + years
  const year = years === 2 ? century(digits(bytes, start)) : digits(bytes, start) * 100 + digits(bytes, start + 2)
  const month = digits(bytes, at)
  const day = digits(bytes, at + 2)
  const hour = digits(bytes, at + 4)
  const minute = digits(bytes, at + 6)
  const second = digits(bytes, at + 8)
  const isDate = year >= 1950 && month >= 1 && month <= 12 && day >= 1 && (day < 29 || day <= daysIn(year, month))
  if (!(isDate && hour < 24 && minute < 60 && second < 60)) throw badTime(from, field)
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

function badTime(from: DerReader, field: string): EvidenceError {
  return from.error('malformed', 'no such time', 'a real date from 1950 on as YYMMDDhhmmssZ or YYYYMMDDhhmmssZ', field)
}

// Two ASCII digits; NaN for anything else, which no comparison accepts.
function digits(text: Uint8Array, at: number): number {
  const tens = (text[at] as number) - 48
  const ones = (text[at + 1] as number) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

function century(year: number): number {
  return year < 50 ? 2000 + year : 1900 + year
}

function daysIn(year: number, month: number): number {
  // Day 0 is the one before the first.
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

/**
 * Reads Extensions inside the explicit tag `tag`.
 * @throws EvidenceError when one occurs twice: which of the two would count is anybody's guess
 */
export function readExtensions(from: DerReader, tag: number): ReadonlyMap<string, Extension> {
  const wrapper = from.inside(tag, 'extensions')
  const list = wrapper.inside(TAG.sequence, 'extensions')
  const { bytes } = list
  wrapper.finish('extensions')
  const extensions = new Map<string, Extension>()
  while (!list.done) {
    const one = list.inside(TAG.sequence, 'extensions')
    const oid = one.oid('extensions')
    const name = `extensions.${oid}`
    const critical = one.peek() === TAG.boolean ? one.boolean(name) : false
    const value = bytes.subarray(one.skipElement(TAG.octetString, name), one.at)
    one.finish(name)
    if (extensions.has(oid)) throw list.error('malformed', 'the extension a second time', 'each extension once', name)
    if (extensions.size === MAX_EXTENSIONS)
      throw list.error('too-large', 'more extensions', `at most ${MAX_EXTENSIONS}`, 'extensions')
    extensions.set(oid, { critical, value })
  }
  return extensions
}

/** OIDs of critical extensions that are not in `processed`. */
export function unknownCritical(
  extensions: ReadonlyMap<string, Extension>,
  processed: readonly string[],
): readonly string[] {
  const unknown: string[] = []
  for (const [oid, extension] of extensions) if (extension.critical && !processed.includes(oid)) unknown.push(oid)
  return unknown
}

function readBasicConstraints(extension: Extension | undefined): Certificate['basicConstraints'] {
  if (extension === undefined) return undefined
  const outer = new DerReader(extension.value, 'certificate.basicConstraints')
  const inside = outer.inside(TAG.sequence, 'value')
  outer.finish('value')
  const ca = inside.peek() === TAG.boolean ? inside.boolean('ca') : false
  const pathLength = inside.peek() === TAG.integer ? inside.smallInteger('pathLength') : undefined
  inside.finish('value')
  return { ca, pathLength }
}

function readKeyUsage(extension: Extension | undefined): ReadonlySet<number> | undefined {
  if (extension === undefined) return undefined
  const outer = new DerReader(extension.value, 'certificate.keyUsage')
  const content = outer.content(outer.element(TAG.bitString, 'value'))
  outer.finish('value')
  const unused = content[0] ?? 8
  if (unused > 7 || content.length > 3)
    throw outer.error('malformed', 'another value', 'a bit string of at most 16 bits', 'value')
  const bits = new Set<number>()
  for (let bit = 0; bit < (content.length - 1) * 8 - unused; bit++) {
    if (((content[1 + (bit >> 3)] as number) >> (7 - (bit & 7))) & 1) bits.add(bit)
  }
  return bits
}
