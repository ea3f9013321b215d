import { concat, filled, fromHex, layout, le } from './bytes.ts'

/** Fields of an SGX enclave report; byte strings in hex, in report order. */
export interface SgxReportFields {
  readonly cpuSvn: string
  readonly miscSelect: string
  readonly isvExtProdId: string
  /** 8 bytes of flags, 8 bytes of XFRM. */
  readonly attributes: string
  readonly mrEnclave: string
  readonly mrSigner: string
  readonly configId: string
  readonly isvProdId: number
  readonly isvSvn: number
  readonly configSvn: number
  readonly isvFamilyId: string
  readonly reportData: string
}

/** An enclave in production mode with nothing special about it. */
export const EXAMPLE_ENCLAVE: SgxReportFields = {
  cpuSvn: '0707030305ff00050000000000000000',
  miscSelect: '00000000',
  isvExtProdId: '00'.repeat(16),
  attributes: '0500000000000000e700000000000000',
  mrEnclave: 'e1'.repeat(32),
  mrSigner: '51'.repeat(32),
  configId: '00'.repeat(64),
  isvProdId: 1,
  isvSvn: 3,
  configSvn: 0,
  isvFamilyId: '00'.repeat(16),
  reportData: '00'.repeat(64),
}

/** Encodes an enclave report, 384 bytes. Intel SDM volume 3D, table 38-21. */
export function encodeSgxReport(fields: SgxReportFields): Uint8Array {
  return layout(384, [
    [0, 16, fromHex(fields.cpuSvn)],
    [16, 4, fromHex(fields.miscSelect)],
    [32, 16, fromHex(fields.isvExtProdId)],
    [48, 16, fromHex(fields.attributes)],
    [64, 32, fromHex(fields.mrEnclave)],
    [128, 32, fromHex(fields.mrSigner)],
    [192, 64, fromHex(fields.configId)],
    [256, 2, le(fields.isvProdId, 2)],
    [258, 2, le(fields.isvSvn, 2)],
    [260, 2, le(fields.configSvn, 2)],
    [304, 16, fromHex(fields.isvFamilyId)],
    [320, 64, fromHex(fields.reportData)],
  ])
}

/** Fields of a TD report; byte strings in hex, in report order. */
export interface TdReportFields {
  readonly teeTcbSvn: string
  readonly mrSeam: string
  readonly mrSignerSeam: string
  readonly seamAttributes: string
  readonly tdAttributes: string
  readonly xfam: string
  readonly mrTd: string
  readonly mrConfigId: string
  readonly mrOwner: string
  readonly mrOwnerConfig: string
  /** RTMR0 to RTMR3. */
  readonly rtmrs: readonly [string, string, string, string]
  readonly reportData: string
  /** TD report 1.5. */
  readonly teeTcbSvn2: string
  /** TD report 1.5. */
  readonly mrServiceTd: string
  /** Last 237 bytes of the extended TD report 1.5: VMID to current service-TD attributes. */
  readonly extended: string
}

/** A production TD with SEPT_VE_DISABLE on a module of major version 1. */
export const EXAMPLE_TD: TdReportFields = {
  teeTcbSvn: '05010700000000000000000000000000',
  mrSeam: '5e'.repeat(48),
  mrSignerSeam: '00'.repeat(48),
  seamAttributes: '00'.repeat(8),
  tdAttributes: '0000001000000000',
  xfam: 'e702060000000000',
  mrTd: 'd1'.repeat(48),
  mrConfigId: '00'.repeat(48),
  mrOwner: '00'.repeat(48),
  mrOwnerConfig: '00'.repeat(48),
  rtmrs: ['00'.repeat(48), '00'.repeat(48), '00'.repeat(48), '00'.repeat(48)],
  reportData: '00'.repeat(64),
  teeTcbSvn2: '05010700000000000000000000000000',
  mrServiceTd: '00'.repeat(48),
  extended: '00'.repeat(237),
}

/** Kinds of TD report by the number a version 5 quote has for them. */
export type TdBodyType = 2 | 3 | 4

/**
 * Encodes a TD report: 584 bytes for 1.0, 648 for 1.5, 885 for 1.5 extended.
 * @see Intel TDX DCAP Quoting Library API, appendix A.3.2; Intel TDX Module 1.5 ABI Specification
 */
export function encodeTdReport(fields: TdReportFields, bodyType: TdBodyType = 2): Uint8Array {
  const report10 = layout(584, [
    [0, 16, fromHex(fields.teeTcbSvn)],
    [16, 48, fromHex(fields.mrSeam)],
    [64, 48, fromHex(fields.mrSignerSeam)],
    [112, 8, fromHex(fields.seamAttributes)],
    [120, 8, fromHex(fields.tdAttributes)],
    [128, 8, fromHex(fields.xfam)],
    [136, 48, fromHex(fields.mrTd)],
    [184, 48, fromHex(fields.mrConfigId)],
    [232, 48, fromHex(fields.mrOwner)],
    [280, 48, fromHex(fields.mrOwnerConfig)],
    ...fields.rtmrs.map((rtmr, i) => [328 + 48 * i, 48, fromHex(rtmr)] as const),
    [520, 64, fromHex(fields.reportData)],
  ])
  if (bodyType === 2) return report10
  const report15 = layout(64, [
    [0, 16, fromHex(fields.teeTcbSvn2)],
    [16, 48, fromHex(fields.mrServiceTd)],
  ])
  if (bodyType === 3) return concat(report10, report15)
  return concat(report10, report15, layout(237, [[0, 237, fromHex(fields.extended)]]))
}

/** Quote header, 48 bytes. Intel SGX ECDSA QuoteGenReference API, appendix A.3 and A.4. */
export interface QuoteHeaderFields {
  readonly version: number
  readonly attestationKeyType: number
  readonly teeType: number
  /** Bytes 8 to 11: QE SVN and PCE SVN in format 3, reserved after. */
  readonly qeSvn: number
  readonly pceSvn: number
  readonly qeVendorId: string
  readonly userData: string
}

/** Intel's QE vendor id. */
export const INTEL_QE_VENDOR = '939a7233f79c4ca9940a0db3957f0607'

/** Encodes a quote header. */
export function encodeQuoteHeader(fields: QuoteHeaderFields): Uint8Array {
  return concat(
    le(fields.version, 2),
    le(fields.attestationKeyType, 2),
    le(fields.teeType, 4),
    le(fields.qeSvn, 2),
    le(fields.pceSvn, 2),
    layout(16, [[0, 16, fromHex(fields.qeVendorId)]]),
    layout(20, [[0, 20, fromHex(fields.userData)]]),
  )
}

/** Report data that begins with `first` and ends in zeros, in hex. */
export function reportDataOf(first: Uint8Array): string {
  return Buffer.from(concat(first, filled(64 - first.length))).toString('hex')
}
