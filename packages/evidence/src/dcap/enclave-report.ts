import { encodeLayout, type Parsed, parseLayout } from './layout.ts'

/**
 * SGX enclave report: the body of an SGX quote, and what a Quoting Enclave says of itself in any quote.
 * @see Intel SDM, volume 3D, section 37.15 (REPORT)
 */
export const ENCLAVE_REPORT = {
  cpuSvn: 16,
  miscSelect: 4,
  reserved1: 12,
  isvExtProdId: 16,
  attributes: 16,
  mrEnclave: 32,
  reserved2: 32,
  mrSigner: 32,
  reserved3: 32,
  configId: 64,
  isvProdId: 'u16',
  isvSvn: 'u16',
  configSvn: 'u16',
  reserved4: 42,
  isvFamilyId: 16,
  reportData: 64,
} as const

/** Size of an enclave report in bytes. */
export const ENCLAVE_REPORT_SIZE = 384

/** Fields of an enclave report; byte strings are views, in report order. */
export type EnclaveReport = Parsed<typeof ENCLAVE_REPORT>

/** Reads an enclave report of exactly 384 bytes. */
export function parseEnclaveReport(bytes: Uint8Array): EnclaveReport {
  return parseLayout(bytes, ENCLAVE_REPORT)
}

/** Bytes of an enclave report. @throws RangeError when a value does not fit its field */
export function encodeEnclaveReport(report: EnclaveReport): Uint8Array {
  return encodeLayout(report, ENCLAVE_REPORT)
}
