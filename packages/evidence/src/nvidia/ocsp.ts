import { equalBytes, toHex } from '../core/bytes.ts'
import { type DigestAlgorithm, type DigestJob, type Job, type SignatureJob, sha256 } from '../crypto/jobs.ts'
import { readSignatureAlgorithm } from '../x509/algorithms.ts'
import {
  type Certificate,
  type Extension,
  parseCertificate,
  readExtensions,
  readSerial,
  readTime,
  unknownCritical,
} from '../x509/certificate.ts'
import { DerReader, TAG } from '../x509/der.ts'
import { Signed } from '../x509/signature.ts'
import { WIDE } from '../x509/wide-algorithms.ts'

/** What a responder says of one certificate. */
export interface OcspAnswer {
  /** Undefined for a hash that nobody in this field uses. */
  readonly hash: Exclude<DigestAlgorithm, 'sha1'> | undefined
  readonly issuerNameHash: Uint8Array
  readonly issuerKeyHash: Uint8Array
  /** As certificates' serial numbers are written. */
  readonly serial: string
  readonly status: 'good' | 'revoked' | 'unknown'
  /** CRLReason of a revocation; 6 is certificateHold. */
  readonly reason?: number
  /** Milliseconds since 1970. */
  readonly revokedAt?: number
  readonly thisUpdate: number
  /** An answer that does not say when the next one comes never counts as current. */
  readonly nextUpdate: number | undefined
}

/** A parsed OCSP response. Nothing in it is trusted before its signature was checked. */
export interface OcspResponse {
  readonly der: Uint8Array
  readonly producedAt: number
  readonly answers: readonly OcspAnswer[]
  /** The responder's certificate, where it travels along. */
  readonly responder: Certificate | undefined
  readonly signed: Signed
  readonly unknownCritical: readonly string[]
  readonly nonce: Uint8Array | undefined
  /** SHA-256 of `der`. */
  readonly digest: DigestJob
}

const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1'
const NONCE = '1.3.6.1.5.5.7.48.1.2'
const HASHES: Readonly<Record<string, OcspAnswer['hash']>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}
const MAX_OCSP = 64 * 1024
const MAX_ANSWERS = 64

/**
 * Parses a DER OCSP response that was successful; nothing may follow it. `der` is kept, not copied.
 * @throws EvidenceError
 * @see RFC 6960, section 4.2.1
 */
export function parseOcspResponse(der: Uint8Array, pool: Certificate[] = []): OcspResponse {
  const outer = new DerReader(der, 'ocsp')
  if (der.length > MAX_OCSP)
    throw outer.error('too-large', `${der.length} bytes`, `at most ${MAX_OCSP} bytes`, 'length')
  const response = outer.inside(TAG.sequence, 'response')
  outer.finish('response')
  const status = response.smallInteger('responseStatus', TAG.enumerated)
  if (status !== 0) throw response.error('malformed', `status ${status}`, '0, successful', 'responseStatus')
  const typed = response.inside(0xa0, 'responseBytes').inside(TAG.sequence, 'responseBytes')
  response.finish('response')
  const type = typed.oid('responseType')
  if (type !== BASIC_RESPONSE) throw typed.error('malformed', type, 'a basic response', 'responseType')
  const octets = typed.inside(TAG.octetString, 'response')
  typed.finish('responseBytes')
  const basic = octets.inside(TAG.sequence, 'basicResponse')
  octets.finish('basicResponse')

  const data = basic.element(TAG.sequence, 'tbsResponseData')
  const algorithm = readSignatureAlgorithm(basic, 'signatureAlgorithm', WIDE)
  const signature = basic.bits('signature')
  const responder = basic.peek() === 0xa0 ? readResponder(basic, pool) : undefined
  basic.finish('basicResponse')
  return {
    der,
    ...readData(basic.within(data)),
    responder,
    signed: new Signed(basic.whole(data), algorithm.scheme, signature, 'der'),
    digest: sha256(der),
  }
}

// The first certificate is the responder's: only one that the issuer itself signed counts, so that more have no use.
function readResponder(basic: DerReader, pool: Certificate[]): Certificate {
  const list = basic.inside(0xa0, 'certs').inside(TAG.sequence, 'certs')
  return parseCertificate(list.whole(list.element(TAG.sequence, 'certs')), pool, WIDE)
}

function readData(data: DerReader): Pick<OcspResponse, 'producedAt' | 'answers' | 'unknownCritical' | 'nonce'> {
  if (data.peek() === 0xa0 && data.inside(0xa0, 'version').smallInteger('version') !== 0)
    throw data.error('malformed', 'another version', 'version 1', 'version')
  const responderId = data.any('responderID')
  if (responderId.tag !== 0xa1 && responderId.tag !== 0xa2)
    throw data.error('malformed', 'another element', 'a name or a key hash', 'responderID')
  const producedAt = readTime(data, 'producedAt')
  const list = data.inside(TAG.sequence, 'responses')
  const answers: OcspAnswer[] = []
  while (!list.done) {
    if (answers.length === MAX_ANSWERS)
      throw list.error('too-large', 'more answers', `at most ${MAX_ANSWERS}`, 'responses')
    answers.push(readAnswer(list.inside(TAG.sequence, 'responses')))
  }
  const extensions = data.peek() === 0xa1 ? readExtensions(data, 0xa1) : new Map<string, Extension>()
  data.finish('tbsResponseData')
  return { producedAt, answers, unknownCritical: unknownCritical(extensions, [NONCE]), nonce: readNonce(extensions) }
}

function readAnswer(one: DerReader): OcspAnswer {
  const id = one.inside(TAG.sequence, 'certID')
  const algorithm = id.inside(TAG.sequence, 'certID.hashAlgorithm')
  const hash = HASHES[algorithm.oid('certID.hashAlgorithm')]
  const issuerNameHash = id.content(id.element(TAG.octetString, 'certID.issuerNameHash'))
  const issuerKeyHash = id.content(id.element(TAG.octetString, 'certID.issuerKeyHash'))
  const serial = readSerial(id)
  id.finish('certID')
  const state = readStatus(one)
  const thisUpdate = readTime(one, 'thisUpdate')
  const nextUpdate = one.peek() === 0xa0 ? readTime(one.inside(0xa0, 'nextUpdate'), 'nextUpdate') : undefined
  if (one.peek() === 0xa1) {
    const critical = unknownCritical(readExtensions(one, 0xa1), [])
    if (critical.length > 0)
      throw one.error(
        'malformed',
        `a critical extension ${critical[0]}`,
        'no unknown critical extension',
        'singleExtensions',
      )
  }
  one.finish('responses')
  return { hash, issuerNameHash, issuerKeyHash, serial, ...state, thisUpdate, nextUpdate }
}

function readStatus(one: DerReader): Pick<OcspAnswer, 'status' | 'reason' | 'revokedAt'> {
  const element = one.any('certStatus')
  if (element.tag === 0x80) return { status: 'good' }
  if (element.tag === 0x82) return { status: 'unknown' }
  if (element.tag !== 0xa1) throw one.error('malformed', 'another status', 'good, revoked or unknown', 'certStatus')
  const info = one.within(element)
  const revokedAt = readTime(info, 'revocationTime')
  if (info.done) return { status: 'revoked', revokedAt }
  const reason = info.inside(0xa0, 'revocationReason').smallInteger('revocationReason', TAG.enumerated)
  return { status: 'revoked', revokedAt, reason }
}

function readNonce(extensions: ReadonlyMap<string, Extension>): Uint8Array | undefined {
  const extension = extensions.get(NONCE)
  if (extension === undefined) return undefined
  const reader = new DerReader(extension.value, 'ocsp.nonce')
  const nonce = reader.content(reader.element(TAG.octetString, 'value'))
  reader.finish('value')
  return nonce
}

/** One answer that may be about a certificate of a chain, and what tells. */
export interface OcspCandidate {
  readonly response: OcspResponse
  readonly answer: OcspAnswer
  /** Place in the chain of the certificate with this serial number. */
  readonly position: number
  readonly nameHash: DigestJob | undefined
  readonly keyHash: DigestJob | undefined
  /** The responder's certificate under the issuer's key; undefined when there is none, or it cannot verify. */
  readonly responderSignature: SignatureJob | undefined
  /** The response under the responder's key. */
  readonly signature: SignatureJob | undefined
  readonly jobs: readonly Job[]
}

/** Answers whose serial number is that of a certificate of the chain, the root aside, and the jobs that settle them. */
export function planOcsp(chain: readonly Certificate[], responses: readonly OcspResponse[]): readonly OcspCandidate[] {
  const found: OcspCandidate[] = []
  for (const response of responses) {
    for (const answer of response.answers) {
      for (let position = 0; position < chain.length - 1; position++) {
        const issuer = chain[position + 1] as Certificate
        if (chain[position]?.serial === answer.serial) found.push(candidate(response, answer, position, issuer))
      }
    }
  }
  return found
}

function candidate(response: OcspResponse, answer: OcspAnswer, position: number, issuer: Certificate): OcspCandidate {
  const { hash } = answer
  const { responder } = response
  const nameHash = hash && digestOf(hash, subjectOf(issuer))
  const keyHash = hash && digestOf(hash, keyBits(issuer))
  const responderSignature = issuer.key === undefined ? undefined : responder?.signed.by(issuer.key)
  const key = responder === undefined ? issuer.key : responder.key
  const signature = key === undefined ? undefined : response.signed.by(key)
  const jobs = [nameHash, keyHash, responderSignature, signature, response.digest].filter((job) => job !== undefined)
  return { response, answer, position, nameHash, keyHash, responderSignature, signature, jobs }
}

function digestOf(algorithm: DigestAlgorithm, data: Uint8Array): DigestJob {
  return { kind: 'digest', algorithm, data }
}

/** Whether the answer names this issuer, by the digests of its name and its key. */
export function namesIssuer({ answer, nameHash, keyHash }: OcspCandidate): boolean {
  if (nameHash?.result === undefined || keyHash?.result === undefined) return false
  return equalBytes(answer.issuerNameHash, nameHash.result) && equalBytes(answer.issuerKeyHash, keyHash.result)
}

// The name as it is written in the certificate, which a parsed name does not keep.
function subjectOf({ der, version }: Certificate): Uint8Array {
  const tbs = new DerReader(der, 'certificate')
    .inside(TAG.sequence, 'certificate')
    .inside(TAG.sequence, 'tbsCertificate')
  const before =
    version === 1
      ? ['serial', 'signature', 'issuer', 'validity']
      : ['version', 'serial', 'signature', 'issuer', 'validity']
  for (const field of before) tbs.any(field)
  return tbs.whole(tbs.any('subject'))
}

function keyBits({ spki }: Certificate): Uint8Array {
  const inside = new DerReader(spki, 'subjectPublicKeyInfo').inside(TAG.sequence, 'value')
  inside.any('algorithm')
  return inside.bits('subjectPublicKey')
}

const EXTENDED_KEY_USAGE = '2.5.29.37'
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'

/** Why a responder's certificate may not sign answers; undefined when it may. @see RFC 6960, section 4.2.2.2 */
export function responderFault(responder: Certificate, at: number): string | undefined {
  const unknown = responder.unknownCritical.find((oid) => oid !== EXTENDED_KEY_USAGE)
  if (unknown !== undefined) return `has a critical extension that is not known: ${unknown}`
  if (!isResponder(responder)) return 'is not for signing OCSP answers'
  if (at < responder.notBefore || at > responder.notAfter) return 'is not valid at this time'
  return undefined
}

/** Whether a certificate says that its key is for signing OCSP answers. @see RFC 6960, section 4.2.2.2 */
export function isResponder(certificate: Certificate): boolean {
  return usages(certificate).includes(OCSP_SIGNING)
}

function usages(certificate: Certificate): readonly string[] {
  const value = certificate.extensions.get(EXTENDED_KEY_USAGE)?.value
  if (value === undefined) return []
  const found: string[] = []
  try {
    const list = new DerReader(value, 'certificate.extKeyUsage').inside(TAG.sequence, 'value')
    while (!list.done) found.push(list.oid('value'))
  } catch {
    // A list that cannot be read allows nothing.
    return []
  }
  return found
}

/** A nonce as hex, for comparing. */
export function nonceHex({ nonce }: OcspResponse): string | undefined {
  return nonce === undefined ? undefined : toHex(nonce)
}
