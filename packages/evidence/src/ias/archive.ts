import { EvidenceError } from '../core/errors.ts'
import { isObject, type JsonObject, parseStrict, textOf } from '../core/json.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { DerReader, TAG } from '../x509/der.ts'
import { decodePem } from '../x509/pem.ts'
import { WIDE_PKCS1 } from '../x509/wide-algorithms.ts'
import { bad, base64In, textIn } from './read.ts'
import { type IasReport, parseIasReport } from './report.ts'

/** A report of the service with what came with it. */
export interface IasEvidence {
  /** The body exactly as received: this is what is signed. */
  readonly body: Uint8Array
  readonly report: IasReport
  /** Undefined for a body alone, which anybody may have written. */
  readonly signature: Uint8Array | undefined
  /** Leaf first; empty for a body alone. Undefined when they cannot be read; `fault` says why. */
  readonly chain: readonly Certificate[]
  readonly fault: string | undefined
  /** The TLS certificate that carried the report, where one did. */
  readonly tls: Certificate | undefined
}

/** The extension in which certificates of RA-TLS carried reports: Netscape's comment. */
export const RA_TLS_EXTENSION = '2.16.840.1.113730.1.13'
/** Longest archive that is read, in bytes. */
export const IAS_MAX_SIZE: number = 128 * 1024

const BAR = 0x7c
const MAX_CERTIFICATES = 4

/**
 * Parses an archived report in one of its forms: a DER certificate of RA-TLS; `body|signature|certificate`; a JSON
 * object of these three by the names that archives use; or the body alone, which is unsigned.
 *
 * @throws EvidenceError when body or form cannot be read; unreadable certificates are a `fault` of the evidence
 */
export function parseIas(bytes: Uint8Array): IasEvidence {
  if (bytes.length > IAS_MAX_SIZE)
    throw bad('archive', `${bytes.length} bytes`, `at most ${IAS_MAX_SIZE} bytes`, 'too-large')
  if (bytes[0] === TAG.sequence) return fromCertificate(bytes)
  if (bytes[0] !== 0x7b) throw bad('archive', 'another first byte', 'a certificate in DER, or `{`')
  const bar = bytes.lastIndexOf(BAR)
  if (bar > 0) return fromBars(bytes, undefined)
  const value = parseStrict(trimmed(bytes), 'ias.archive')
  const envelope = isObject(value) ? envelopeOf(value) : undefined
  return envelope ?? assemble(bytes, undefined, undefined, undefined)
}

function fromCertificate(der: Uint8Array): IasEvidence {
  const tls = parseCertificate(der, [], WIDE_PKCS1)
  const value = tls.extensions.get(RA_TLS_EXTENSION)?.value
  if (value === undefined) throw bad('certificate', 'no report', `an extension ${RA_TLS_EXTENSION} with one`)
  return fromBars(value[0] === 0x7b ? value : inString(value), tls)
}

// Some writers put a string inside of the extension, others the bare text.
function inString(value: Uint8Array): Uint8Array {
  const r = new DerReader(value, 'certificate.comment')
  const content = r.content(r.any('value'))
  r.finish('value')
  return content
}

// No `|` can stand in base64 or PEM: the body ends at the second from behind.
function fromBars(bytes: Uint8Array, tls: Certificate | undefined): IasEvidence {
  const second = bytes.lastIndexOf(BAR)
  const first = second > 0 ? bytes.lastIndexOf(BAR, second - 1) : -1
  if (first <= 0) throw bad('archive', 'too few parts', 'body, signature and certificate with `|` between them')
  const [signature, certificate] = [trimmed(bytes.subarray(first + 1, second)), trimmed(bytes.subarray(second + 1))]
  return assemble(bytes.subarray(0, first), signature, certificate, tls)
}

/** Names by which archives call the three parts; the first that is there counts. */
const NAMES = {
  body: [
    'report',
    'body',
    'raReport',
    'ra_report',
    'iasReport',
    'ias_report',
    'attestation_report',
    'attestationReport',
  ],
  signature: ['signature', 'iasSignature', 'X-IASReport-Signature', 'x-iasreport-signature'],
  certificate: [
    'signingCertificate',
    'signing_cert',
    'signing_certificate',
    'rawSigningCert',
    'raw_signing_cert',
    'certificate',
    'X-IASReport-Signing-Certificate',
    'x-iasreport-signing-certificate',
  ],
} as const

function envelopeOf(value: JsonObject): IasEvidence | undefined {
  const named = (names: readonly string[]): string | undefined =>
    names.map((name) => textOf(value, name)).find((text) => text !== undefined)
  const body = named(NAMES.body)
  if (body === undefined) return undefined
  const bytes = body.startsWith('{')
    ? new TextEncoder().encode(body)
    : base64In(body, 'archive.report', 'the JSON of the body, or that in base64')
  return assemble(bytes, named(NAMES.signature), named(NAMES.certificate), undefined)
}

function assemble(
  body: Uint8Array,
  signature: string | undefined,
  certificate: string | undefined,
  tls: Certificate | undefined,
): IasEvidence {
  const report = parseIasReport(body)
  const bytes = signature === undefined ? undefined : base64In(signature, 'archive.signature')
  if (bytes?.length === 0) throw bad('archive.signature', 'other text', 'base64')
  const { chain, fault } = chainOf(certificate)
  return { body, report, signature: bytes, chain, fault, tls }
}

function chainOf(text: string | undefined): Pick<IasEvidence, 'chain' | 'fault'> {
  if (text === undefined) return { chain: [], fault: undefined }
  try {
    const ders = dersOf(text)
    if (ders.length > MAX_CERTIFICATES)
      throw bad('archive.certificate', `${ders.length}`, `at most ${MAX_CERTIFICATES}`)
    return { chain: ders.map((der) => parseCertificate(der, [], WIDE_PKCS1)), fault: undefined }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { chain: [], fault: error.message }
  }
}

// The header is PEM with percent signs; RA-TLS has the bare base64 of one certificate.
function dersOf(text: string): readonly Uint8Array[] {
  const plain = text.includes('%') ? unescaped(text) : text
  if (plain.trimStart().startsWith('-----BEGIN ')) return decodePem(plain, 'CERTIFICATE', 'ias.archive.certificate')
  return [base64In(plain, 'archive.certificate', 'PEM or base64')]
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // The error says nothing but that it is none.
    throw bad('archive.certificate', 'percent signs that mean nothing', 'URL-encoded PEM')
  }
}

function trimmed(bytes: Uint8Array): string {
  return textIn(bytes, 'archive', 'text').trim()
}
