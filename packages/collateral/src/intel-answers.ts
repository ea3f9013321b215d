import type { TrustAnchor } from '@sekisho/evidence'
import { Signed, verifiesUnder } from '@sekisho/evidence/x509'
import { checkChain, intersection, validity } from './anchors.ts'
import { readJsonObject } from './json-text.ts'
import type { Answer, Checked } from './obtain.ts'
import { bad, isRecord, utf8 } from './reading.ts'
import type { PckCa } from './types.ts'
import { type CertificateFacts, readCrl, readPemChain } from './x509.ts'

/** A document that Intel signed, as it goes into collateral: the exact string, its signature and its signer's chain. */
export interface SignedDocument {
  readonly text: string
  /** Hex, 64 bytes, r then s. */
  readonly signature: string
  /** PEM, signer first. */
  readonly chain: string
  readonly content: Readonly<Record<string, unknown>>
}

/** A CRL with the chain of its issuer. */
export interface IssuedCrl {
  readonly der: Uint8Array
  /** PEM, issuer first; empty when the answer came without one. */
  readonly chain: string
  readonly issuers: readonly CertificateFacts[]
}

const DOCUMENT_LIMITS = { maxDepth: 16, maxTokens: 200_000 }
const TCB_SIGNER = ['SGX TCB Signing', 'Intel SGX Root CA']

/**
 * Checks an answer of the form `{"<member>":{...},"signature":"..."}`: cut out as served, signed by Intel's TCB
 * signing key under a pinned root.
 *
 * @param chainHeaders names under which services send the issuer chain; the first that is there counts
 * @see PCS API documentation, version 4
 */
export function checkDocument(
  answer: Answer,
  member: string,
  chainHeaders: readonly string[],
  anchors: readonly TrustAnchor[],
): Checked<SignedDocument> {
  const whole = readJsonObject(utf8(answer.body), DOCUMENT_LIMITS)
  const text = whole.members.get(member)
  const { signature } = whole.value
  const content = whole.value[member]
  if (text === undefined || !isRecord(content)) throw bad(`no member \`${member}\``)
  if (typeof signature !== 'string' || !/^[0-9a-fA-F]{128}$/.test(signature)) throw bad('no signature of 64 bytes')
  const chain = issuerChain(answer, chainHeaders)
  const certificates = readPemChain(chain)
  checkChain(certificates, TCB_SIGNER, anchors)
  const key = certificates[0]?.key
  const signed = new Signed(Buffer.from(text), 'ecdsa-p256-sha256', Buffer.from(signature, 'hex'))
  if (key === undefined || !verifiesUnder(signed, key)) throw bad('the signature does not verify')
  const dates = { from: readDate(content, 'issueDate'), to: readDate(content, 'nextUpdate') }
  return {
    value: { text, signature: signature.toLowerCase(), chain, content },
    ...intersection([dates, ...validity(certificates)]),
  }
}

/** Checks a PCK CRL: issued and signed by the PCK CA that was asked for, under a pinned root. */
export function checkPckCrl(answer: Answer, ca: PckCa, anchors: readonly TrustAnchor[]): Checked<IssuedCrl> {
  const chain = issuerChain(answer, ['sgx-pck-crl-issuer-chain'])
  const issuers = readPemChain(chain)
  checkChain(
    issuers,
    [ca === 'platform' ? 'SGX PCK Platform CA' : 'SGX PCK Processor CA', 'Intel SGX Root CA'],
    anchors,
  )
  return checkCrl(answer, chain, issuers)
}

/** Checks the root CA CRL, with the root certificate `root` that ends at a pin. */
export function checkRootCrl(answer: Answer, root: CertificateFacts): Checked<IssuedCrl> {
  return checkCrl(answer, '', [root])
}

function checkCrl(answer: Answer, chain: string, issuers: readonly CertificateFacts[]): Checked<IssuedCrl> {
  const crl = readCrl(crlBytes(answer.body))
  const issuer = issuers[0]
  if (issuer === undefined || !crl.issuedBy(issuer))
    throw bad('the list is not issued and signed by the CA it should be of')
  const window = intersection([{ from: crl.thisUpdate, to: crl.nextUpdate }, ...validity(issuers)])
  return { value: { der: crl.der, chain, issuers }, ...window }
}

/** DER of a CRL that was served as DER, PEM, hex or base64: PCS and PCCS differ, and so do versions of PCCS. */
export function crlBytes(body: Uint8Array): Uint8Array {
  if (body[0] === 0x30 && body[1] !== undefined && body[1] >= 0x80) return body
  // As the verifiers read it: Intel's library ends its texts with a zero, and tools break hexadecimal into lines.
  const text = utf8(body).replace(/[\s\0]/g, '')
  if (text.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(text)) return new Uint8Array(Buffer.from(text, 'hex'))
  const base64 = text.replace(/^-----BEGINX509CRL-----/, '').replace(/-----ENDX509CRL-----$/, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw bad('neither DER nor PEM, hex or base64 of a certificate list')
  return new Uint8Array(Buffer.from(base64, 'base64'))
}

/** PEM of the issuer chain in the first of `names` that the answer has. @throws CollateralError `bad-answer` */
export function issuerChain(answer: Answer, names: readonly string[]): string {
  const header = names.map((name) => answer.headers[name]).find((value) => value !== undefined)
  if (header === undefined) throw bad(`no header ${names[0]}`)
  // Some services encode as forms do, with a plus sign for a space.
  const form = header.includes('BEGIN+CERTIFICATE') ? header.replaceAll('+', ' ') : header
  try {
    return decodeURIComponent(form)
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause
    throw bad(`header ${names[0]} is not URL-encoded PEM`)
  }
}

/** Milliseconds since 1970 of a member with an ISO 8601 date. @throws CollateralError `bad-answer` */
export function readDate(content: Readonly<Record<string, unknown>>, member: string): number {
  const text = content[member]
  const ms =
    typeof text === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw bad(`\`${member}\` is no date`)
  return ms
}
