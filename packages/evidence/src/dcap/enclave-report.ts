import { encodeLayout, type Parsed, parseLayout } from './layout.ts'

/**
 * SGX enclave report: the body of an SGX quote, and what a Quoting Enclave says of itself in any quote.
 * @see Intel SDM, volume 3D, section 37.15 (REPORT)
 */
export const ENCLAVE_REPORT = {
  cpuSvn: [0, 16, 'bytes'],
  miscSelect: [16, 4, 'bytes'],
  reserved1: [20, 12, 'bytes'],
  isvExtProdId: [32, 16, 'bytes'],
  attributes: [48, 16, 'bytes'],
  mrEnclave: [64, 32, 'bytes'],
  reserved2: [96, 32, 'bytes'],
  mrSigner: [128, 32, 'bytes'],
  reserved3: [160, 32, 'bytes'],
  configId: [192, 64, 'bytes'],
  isvProdId: [256, 2, 'integer'],
  isvSvn: [258, 2, 'integer'],
  configSvn: [260, 2, 'integer'],
  reserved4: [262, 42, 'bytes'],
  isvFamilyId: [304, 16, 'bytes'],
  reportData: [320, 64, 'bytes'],
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
  return encodeLayout(report, ENCLAVE_REPORT, ENCLAVE_REPORT_SIZE)
}
