import { ENCLAVE_REPORT_SIZE, type EnclaveReport, parseEnclaveReport } from '../dcap/enclave-report.ts'
import { decodeFlags, type Flags, XFEATURES } from '../dcap/flags.ts'
import { parseQuote, type Quote, type TeeKind } from '../dcap/quote.ts'

export { type EnclaveReport, encodeEnclaveReport, parseEnclaveReport } from '../dcap/enclave-report.ts'

/**
 * Flags of an enclave's ATTRIBUTES by bit number.
 * @see Intel SDM, volume 3D, section 37.7.1
 */
export const SGX_ATTRIBUTES = {
  init: 0,
  debug: 1,
  mode64bit: 2,
  provisionKey: 4,
  einitTokenKey: 5,
  cet: 6,
  kss: 7,
  aexNotify: 10,
} as const

/** ATTRIBUTES by name. */
export interface SgxAttributes extends Flags<typeof SGX_ATTRIBUTES> {
  /** State components the enclave may use (XFRM). */
  readonly xfrm: Flags<typeof XFEATURES>
}

/** Decodes the 16 bytes of ATTRIBUTES: flags, then XFRM. */
export function decodeSgxAttributes(attributes: Uint8Array): SgxAttributes {
  const flags = decodeFlags(attributes.subarray(0, 8), SGX_ATTRIBUTES)
  return Object.assign(flags, { xfrm: decodeFlags(attributes.subarray(8, 16), XFEATURES) })
}

/** SGX quotes: format 3, format 4, and format 5 with body type 1. */
export const SGX_QUOTES: TeeKind<EnclaveReport> = {
  tee: 'sgx',
  teeType: 0,
  versions: [3, 4, 5],
  bodies: [{ type: 1, name: 'enclave report', size: ENCLAVE_REPORT_SIZE, parse: parseEnclaveReport }],
}

/** Parses an SGX quote; `bytes` is kept, not copied. @throws EvidenceError */
export function parseSgxQuote(bytes: Uint8Array): Quote<EnclaveReport> {
  return parseQuote(bytes, SGX_QUOTES)
}
