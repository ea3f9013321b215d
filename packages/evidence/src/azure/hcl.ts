import { concatBytes, Reader } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import type { DigestAlgorithm } from '../crypto/jobs.ts'

/** The report of Azure's paravisor (host compatibility layer), as NV index 0x01400001 holds it. Byte strings are views. */
export interface HclReport {
  /** Header: no signature covers it, and nothing of it is believed. */
  readonly headerVersion: number
  readonly reportSize: number
  readonly requestType: number
  readonly status: number
  /** What the hardware report is. */
  readonly hardware: 'snp' | 'tdx'
  /** 1184 bytes: an SNP report, or a TDREPORT of 1024 bytes and filler. */
  readonly hardwareReport: Uint8Array
  readonly runtimeDataSize: number
  readonly runtimeVersion: number
  /** Hash of the claims in the hardware report's report data. */
  readonly hash: Exclude<DigestAlgorithm, 'sha1'>
  /** The runtime claims, exactly as they were hashed. */
  readonly claims: Uint8Array
  readonly totalBytes: number
}

/** Bytes of an SNP report, and of the slot for any hardware report. */
const SLOT = 1184
const HEADER = 32
/** Longest report that is read. The NV index has 2048 or 2600 bytes. */
const MAX_REPORT = 65536
const SIGNATURE = 0x414c4348
const HASHES: Readonly<Record<number, HclReport['hash']>> = { 1: 'sha256', 2: 'sha384', 3: 'sha512' }

/** Whether bytes begin with the signature of an HCL report. */
export function beginsLikeHcl(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new Reader(bytes).u32('HCL.signature') === SIGNATURE
}

/**
 * Parses an HCL report. What follows the claims is filler of the NV index, whatever it is.
 *
 * @see Azure confidential VMs, guest attestation design: HCL report
 * @throws EvidenceError
 */
export function parseHclReport(bytes: Uint8Array): HclReport {
  if (bytes.length > MAX_REPORT)
    throw refuse('too-large', `${bytes.length} bytes`, 'length', 0, `at most ${MAX_REPORT} bytes`)
  const from = new Reader(bytes)
  if (from.u32('HCL.signature') !== SIGNATURE) throw refuse('malformed', 'another signature', 'signature', 0, '`HCLA`')
  const headerVersion = from.u32('HCL.version')
  const reportSize = from.u32('HCL.reportSize')
  const requestType = from.u32('HCL.requestType')
  const status = from.u32('HCL.status')
  from.bytes(HEADER - from.offset, 'HCL.reserved')
  const hardwareReport = from.bytes(SLOT, 'HCL.hardwareReport')
  const runtimeDataSize = from.u32('HCL.runtimeDataSize')
  const runtimeVersion = from.u32('HCL.runtimeVersion')
  if (runtimeVersion !== 1)
    throw refuse('unsupported-version', String(runtimeVersion), 'runtimeVersion', from.offset - 4, '1')
  const type = from.u32('HCL.reportType')
  if (type !== 2 && type !== 4)
    throw refuse('unsupported-kind', String(type), 'reportType', from.offset - 4, '2 (SNP) or 4 (TDX)')
  const hardware = type === 2 ? 'snp' : 'tdx'
  checkSlot(hardware, hardwareReport)
  const hashType = from.u32('HCL.hashType')
  const hash = HASHES[hashType]
  if (hash === undefined)
    throw refuse(
      'unsupported-algorithm',
      String(hashType),
      'hashType',
      from.offset - 4,
      '1, 2 or 3 (SHA-256, -384, -512)',
    )
  const size = from.u32('HCL.claimsSize')
  const claims = from.bytes(size, 'HCL.claims')
  return {
    headerVersion,
    reportSize,
    requestType,
    status,
    hardware,
    hardwareReport,
    runtimeDataSize,
    runtimeVersion,
    hash,
    claims,
    totalBytes: bytes.length,
  }
}

const TDX_TYPE = 0x81

// A TDREPORT begins with its type, and an SNP report with a small version. What is behind a TDREPORT nobody signed.
function checkSlot(hardware: HclReport['hardware'], slot: Uint8Array): void {
  const isTd = slot[0] === TDX_TYPE && slot[1] === 0
  if (isTd === (hardware === 'tdx')) return
  throw refuse(
    'malformed',
    `what is ${isTd ? 'a TDREPORT' : 'no TDREPORT'}`,
    'hardwareReport',
    HEADER,
    hardware === 'tdx' ? 'a TDREPORT, as the type says' : 'an SNP report, as the type says',
  )
}

/** Report data and MRTD of a TDREPORT. Only its own machine can check its MAC: they are compared with a TD quote. */
export function tdReportParts(slot: Uint8Array): { readonly reportData: Uint8Array; readonly mrTd: Uint8Array } {
  return { reportData: slot.subarray(128, 192), mrTd: slot.subarray(528, 576) }
}

/** Writes an HCL report with its filler; what {@link parseHclReport} has read comes out, up to reserved bytes and filler. */
export function encodeHclReport(report: HclReport): Uint8Array {
  const { headerVersion, reportSize, requestType, status, runtimeDataSize, runtimeVersion, claims } = report
  const hashType = Number(Object.keys(HASHES).find((type) => HASHES[Number(type)] === report.hash))
  const head = words(SIGNATURE, headerVersion, reportSize, requestType, status, 0, 0, 0)
  const runtime = words(runtimeDataSize, runtimeVersion, report.hardware === 'snp' ? 2 : 4, hashType, claims.length)
  const filler = new Uint8Array(Math.max(0, report.totalBytes - head.length - SLOT - runtime.length - claims.length))
  return concatBytes(head, report.hardwareReport, runtime, claims, filler)
}

function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  const view = new DataView(bytes.buffer)
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value, true)
  return bytes
}

function refuse(
  code: EvidenceError['code'],
  found: string,
  field: string,
  offset: number,
  expected: string,
): EvidenceError {
  return new EvidenceError(code, found, { field: `HCL.${field}`, offset, expected })
}
