import { concat, filled, fromHex, le, toHex, utf8 } from './bytes.ts'
import type { PckFields } from './intel-pck.ts'
import {
  encodeQuoteHeader,
  encodeSgxReport,
  INTEL_QE_VENDOR,
  type QuoteHeaderFields,
  type SgxReportFields,
} from './intel-reports.ts'
import { digest, ecdsaRaw, type KeyPair, rawPoint } from './keys.ts'
import { pemChain } from './x509.ts'

/** What may differ from a well-formed quote; each alone breaks one thing. */
export interface QuoteOverrides {
  readonly header?: Partial<QuoteHeaderFields>
  /** Format 5: number in the body descriptor. */
  readonly bodyType?: number
  /** Format 5: size in the body descriptor. */
  readonly bodySize?: number
  /** Key whose public half the quote carries; default a new one for each platform. */
  readonly attestationKey?: KeyPair
  /** Key that signs the quote, when it is not the attestation key. */
  readonly quoteSigner?: KeyPair
  /** Key that signs the QE report, when it is not the PCK. */
  readonly qeReportSigner?: KeyPair
  /** The QE's report data in full, instead of the digest of attestation key and authentication data. */
  readonly qeReportData?: Uint8Array
  /** QE authentication data; default 32 bytes. */
  readonly authData?: Uint8Array
  /** Type of the certification data with the PCK certificate: 1 to 5; default 5. */
  readonly certificationType?: number
  /** The certification data itself. */
  readonly certificationData?: Uint8Array
  /** Formats 4 and 5: type of the outer certification data; default 6. */
  readonly outerType?: number
  /** Certificates in certification data of type 4 or 5, leaf first. */
  readonly chain?: readonly Uint8Array[]
  /** What the quote signature covers, when it is not what it should be. */
  readonly signed?: (header: Uint8Array, descriptor: Uint8Array, body: Uint8Array) => Uint8Array
  /** The quote signature itself, 64 bytes. */
  readonly signature?: Uint8Array
  /** Added to the length of the signature data. */
  readonly lengthDelta?: number
  /** Bytes inside the signature data, behind everything. */
  readonly insideTail?: Uint8Array
  /** Bytes behind the signature data. */
  readonly padding?: Uint8Array
}

/** What a quote is made from. */
export interface QuoteParts {
  readonly version: 3 | 4 | 5
  readonly teeType: number
  /** Format 5: number of the body's kind. */
  readonly bodyType: number
  readonly body: Uint8Array
  readonly qe: SgxReportFields
  readonly pck: PckFields
  readonly pckKey: KeyPair
  /** Leaf, intermediate, root. */
  readonly chain: readonly Uint8Array[]
  readonly attestationKey: KeyPair
}

/**
 * Puts a quote together and signs it: the QE report with the PCK, the quote with the attestation key.
 * @see Intel SGX ECDSA QuoteGenReference API, appendix A; Intel TDX DCAP Quoting Library API, appendix A
 */
export function makeQuote(parts: QuoteParts, overrides: QuoteOverrides = {}): Uint8Array {
  const { version, body } = parts
  const header = encodeQuoteHeader({
    version,
    attestationKeyType: 2,
    teeType: parts.teeType,
    qeSvn: version === 3 ? parts.qe.isvSvn : 0,
    pceSvn: version === 3 ? parts.pck.pceSvn : 0,
    qeVendorId: INTEL_QE_VENDOR,
    userData: `${'11'.repeat(16)}00000000`,
    ...overrides.header,
  })
  const descriptor =
    version === 5
      ? concat(le(overrides.bodyType ?? parts.bodyType, 2), le(overrides.bodySize ?? body.length, 4))
      : filled(0)
  const signed = overrides.signed?.(header, descriptor, body) ?? concat(header, descriptor, body)
  const signer = overrides.quoteSigner ?? parts.attestationKey
  const data = concat(
    overrides.signature ?? ecdsaRaw('sha256', signer, signed),
    rawPoint(parts.attestationKey),
    version === 3 ? qeCertification(parts, overrides) : outerCertification(parts, overrides),
    overrides.insideTail ?? filled(0),
  )
  const length = le(data.length + (overrides.lengthDelta ?? 0), 4)
  return concat(header, descriptor, body, length, data, overrides.padding ?? filled(0))
}

function outerCertification(parts: QuoteParts, overrides: QuoteOverrides): Uint8Array {
  return certification(overrides.outerType ?? 6, qeCertification(parts, overrides))
}

/** QE report, its signature, the authentication data, and the certification data of the PCK. */
function qeCertification(parts: QuoteParts, overrides: QuoteOverrides): Uint8Array {
  const authData = overrides.authData ?? Uint8Array.from({ length: 32 }, (_, i) => i)
  const bound = concat(digest('sha256', rawPoint(parts.attestationKey), authData), filled(32))
  const report = encodeSgxReport({ ...parts.qe, reportData: toHex(overrides.qeReportData ?? bound) })
  const type = overrides.certificationType ?? 5
  return concat(
    report,
    ecdsaRaw('sha256', overrides.qeReportSigner ?? parts.pckKey, report),
    le(authData.length, 2),
    authData,
    certification(type, overrides.certificationData ?? certificationContent(type, parts, overrides)),
  )
}

function certification(type: number, content: Uint8Array): Uint8Array {
  return concat(le(type, 2), le(content.length, 4), content)
}

const PPID_SIZES: Readonly<Record<number, number>> = { 1: 16, 2: 256, 3: 384 }

function certificationContent(type: number, parts: QuoteParts, overrides: QuoteOverrides): Uint8Array {
  const chain = overrides.chain ?? parts.chain
  if (type === 4) return utf8(pemChain(...chain.slice(0, 1)))
  const size = PPID_SIZES[type]
  if (size === undefined) return concat(utf8(pemChain(...chain)), filled(1))
  // Encrypted PPIDs are opaque to a verifier: any bytes of the right length do.
  const ppid = size === 16 ? fromHex(parts.pck.ppid) : filled(size, 0xab)
  return concat(ppid, fromHex(parts.pck.cpuSvn), le(parts.pck.pceSvn, 2), fromHex(parts.pck.pceId))
}
