import { concatBytes, Reader } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { type CertificationData, encodeCertificationData, parseCertificationData } from './certification-data.ts'
import { ENCLAVE_REPORT_SIZE, type EnclaveReport, encodeEnclaveReport, parseEnclaveReport } from './enclave-report.ts'
import { encodeLayout, type Parsed, parseLayout } from './layout.ts'

/**
 * Header of a quote. In formats 4 and 5 `qeSvn` and `pceSvn` are reserved.
 * @see Intel TDX DCAP Quote Generation Library and Quote Verification Library, appendix A.3.1
 */
export const QUOTE_HEADER = {
  version: 'u16',
  attestationKeyType: 'u16',
  teeType: 'u32',
  qeSvn: 'u16',
  pceSvn: 'u16',
  qeVendorId: 16,
  userData: 20,
} as const

/** Size of the header in bytes. */
export const QUOTE_HEADER_SIZE = 48

/** Fields of the header; byte strings are views. */
export type QuoteHeader = Parsed<typeof QUOTE_HEADER>

/** All that parsing has to know about one kind of quote body. */
export interface BodyKind<B> {
  /** Number in the body descriptor of format 5. */
  readonly type: number
  /** E.g. `TD report 1.5`. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  parse(bytes: Uint8Array): B
}

/** All that parsing has to know about one kind of TEE. */
export interface TeeKind<B> {
  readonly tee: 'sgx' | 'tdx'
  /** Value of the header's TEE type. */
  readonly teeType: number
  readonly versions: readonly number[]
  /** The first is the body of formats 3 and 4. */
  readonly bodies: readonly [BodyKind<B>, ...BodyKind<B>[]]
}

/** What a quote carries to be verified: its signature, and the Quoting Enclave's word for the key. */
export interface QuoteSignature {
  /** Over header, body descriptor and body: r then s, big-endian. */
  readonly signature: Uint8Array
  /** P-256: x then y, big-endian. */
  readonly attestationKey: Uint8Array
  /** 384 bytes, and decoded. */
  readonly qeReport: Uint8Array
  readonly qe: EnclaveReport
  /** Over `qeReport`, by the PCK: r then s. */
  readonly qeReportSignature: Uint8Array
  readonly qeAuthData: Uint8Array
  readonly certification: CertificationData
  /** Offset of `qeReport` in the quote. */
  readonly qeReportOffset: number
}

/** A parsed quote. Every byte string is a view on the input; nothing in it is trusted. */
export interface Quote<B> extends QuoteSignature {
  readonly header: QuoteHeader
  readonly bodyKind: BodyKind<B>
  readonly body: B
  readonly bodyBytes: Uint8Array
  readonly bodyOffset: number
  /** The bytes under `signature`. */
  readonly signed: Uint8Array
  /** From the attestation key to the end of the signature section: all that belongs to the platform rather than to the body. */
  readonly platformBytes: Uint8Array
  /** What follows the signature section: belongs to no quote, and is signed by nobody. */
  readonly padding: Uint8Array
}

/** What of a quote is written; everything else follows from it. */
export type QuoteParts = Omit<
  Quote<unknown>,
  'body' | 'bodyOffset' | 'signed' | 'qeReportOffset' | 'qeReport' | 'platformBytes'
>

const MAX_QUOTE = 1024 * 1024
const ECDSA_P256 = 2
const QE_CERTIFICATION = 6

/**
 * Parses a quote of format 3, 4 or 5. `bytes` is kept, not copied.
 * @throws EvidenceError
 * @see Intel SGX ECDSA Quote Library API, appendix A.4 (format 3); Intel TDX DCAP Quote Generation
 *   Library and Quote Verification Library, appendix A.3 (formats 4 and 5)
 */
export function parseQuote<B>(bytes: Uint8Array, kind: TeeKind<B>): Quote<B> {
  if (bytes.length > MAX_QUOTE)
    throw refuse('quote', `${bytes.length} bytes`, `at most ${MAX_QUOTE} bytes`, 0, 'too-large')
  const reader = new Reader(bytes)
  const header = parseLayout(reader.bytes(QUOTE_HEADER_SIZE, 'header'), QUOTE_HEADER)
  checkHeader(header, kind)
  const bodyKind = header.version === 5 ? readDescriptor(reader, kind) : kind.bodies[0]
  const bodyOffset = reader.offset
  const bodyBytes = reader.bytes(bodyKind.size, 'body')
  const signed = bytes.subarray(0, reader.offset)
  const end = sectionEnd(reader, 'signatureData')
  const platformStart = reader.offset + 64
  const section = readSignature(new Reader(bytes, reader.offset, end), header.version)
  // Member by member: copying with a spread costs more than the reading.
  return {
    header,
    bodyKind,
    body: bodyKind.parse(bodyBytes),
    bodyBytes,
    bodyOffset,
    signed,
    signature: section.signature,
    attestationKey: section.attestationKey,
    qeReport: section.qeReport,
    qe: section.qe,
    qeReportSignature: section.qeReportSignature,
    qeAuthData: section.qeAuthData,
    certification: section.certification,
    qeReportOffset: section.qeReportOffset,
    platformBytes: bytes.subarray(platformStart, end),
    padding: bytes.subarray(end),
  }
}

/**
 * Writes a quote, the reverse of {@link parseQuote}: the same bytes for every quote that parses.
 * @throws RangeError when a value does not fit its field
 */
export function encodeQuote(quote: QuoteParts): Uint8Array {
  const { header, bodyKind, bodyBytes } = quote
  const descriptor = header.version === 5 ? [integer(bodyKind.type, 2), integer(bodyKind.size, 4)] : []
  const section = encodeSignature(quote, header.version)
  return concatBytes(
    encodeLayout(header, QUOTE_HEADER),
    ...descriptor,
    bodyBytes,
    integer(section.length, 4),
    section,
    quote.padding,
  )
}

function checkHeader({ version, attestationKeyType, teeType }: QuoteHeader, kind: TeeKind<unknown>): void {
  if (!kind.versions.includes(version))
    throw refuse(
      'header.version',
      `${version}`,
      `${kind.tee} version ${kind.versions.join(', ')}`,
      0,
      'unsupported-version',
    )
  if (attestationKeyType !== ECDSA_P256)
    throw refuse('header.attestationKeyType', `${attestationKeyType}`, '2 (P-256)', 2, 'unsupported-algorithm')
  if (teeType !== kind.teeType)
    throw refuse('header.teeType', `${teeType}`, `${kind.teeType} (${kind.tee})`, 4, 'unsupported-kind')
}

function readDescriptor<B>(reader: Reader, kind: TeeKind<B>): BodyKind<B> {
  const at = reader.offset
  const type = reader.u16('bodyDescriptor.type')
  const size = reader.u32('bodyDescriptor.size')
  const body = kind.bodies.find((one) => one.type === type)
  if (body === undefined) {
    const known = kind.bodies.map((one) => `${one.type} (${one.name})`).join(', ')
    throw refuse('bodyDescriptor.type', `${type}`, known, at, 'unsupported-kind')
  }
  if (size !== body.size) throw refuse('bodyDescriptor.size', `${size}`, `${body.size}`, at + 2)
  return body
}

function readSignature(section: Reader, version: number): QuoteSignature {
  const signature = section.bytes(64, 'signature')
  const attestationKey = section.bytes(64, 'attestationKey')
  if (version !== 3) enterQeCertification(section)
  const qeReportOffset = section.offset
  const qeReport = section.bytes(ENCLAVE_REPORT_SIZE, 'qeReport')
  const qeReportSignature = section.bytes(64, 'qeReportSignature')
  const qeAuthData = section.bytes(section.u16('qeAuthData.length'), 'qeAuthData')
  const certification = parseCertificationData(section)
  section.end('signatureData')
  return {
    signature,
    attestationKey,
    qeReport,
    qe: parseEnclaveReport(qeReport),
    qeReportSignature,
    qeAuthData,
    certification,
    qeReportOffset,
  }
}

// Formats 4 and 5 wrap everything from the QE report on in certification data of type 6, up to the end of the section.
function enterQeCertification(section: Reader): void {
  const at = section.offset
  const type = section.u16('certificationData.type')
  if (type !== QE_CERTIFICATION)
    throw refuse('certificationData.type', `${type}`, '6 (QE report)', at, 'unsupported-kind')
  const length = section.u32('certificationData.length')
  const { remaining } = section
  if (length === remaining) return
  const code = length > remaining ? 'truncated' : 'trailing-bytes'
  throw refuse('certificationData.length', `${length}`, `${remaining}: to the end of the section`, at + 2, code)
}

function sectionEnd(reader: Reader, field: string): number {
  const at = reader.offset
  const length = reader.u32(`${field}.length`)
  const { remaining } = reader
  if (length > remaining)
    throw refuse(`${field}.length`, `${remaining} bytes are left`, `${length} bytes`, at, 'truncated')
  return reader.offset + length
}

function encodeSignature(parts: Omit<QuoteSignature, 'qeReportOffset' | 'qeReport'>, version: number): Uint8Array {
  const inner = concatBytes(
    encodeEnclaveReport(parts.qe),
    parts.qeReportSignature,
    integer(parts.qeAuthData.length, 2),
    parts.qeAuthData,
    encodeCertificationData(parts.certification),
  )
  const wrapper = version === 3 ? [] : [integer(QE_CERTIFICATION, 2), integer(inner.length, 4)]
  return concatBytes(parts.signature, parts.attestationKey, ...wrapper, inner)
}

function integer(value: number, size: 2 | 4): Uint8Array {
  return encodeLayout({ value }, { value: size === 2 ? 'u16' : 'u32' } as const)
}
