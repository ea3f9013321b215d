import { createHmac, timingSafeEqual } from 'node:crypto'
import { concat, fromHex, layout } from '../kit/bytes.ts'
import type { TdReportFields } from '../kit/intel-reports.ts'
import { digest } from '../kit/keys.ts'
import { derive } from '../secrets.ts'

const SIZE = 1024
const MAC_AT = 224
const MAC_SIZE = 32

/**
 * TDREPORT_STRUCT, 1024 bytes: REPORTMACSTRUCT with the MAC of this machine over its first 224 bytes (HMAC-SHA-256, as
 * TDX has it), TEE_TCB_INFO, TDINFO.
 * @see Intel TDX Module 1.5 ABI Specification, TDREPORT_STRUCT
 */
export function tdReport(secret: Uint8Array, cpuSvn: string, td: TdReportFields): Uint8Array {
  const tcbInfo = layout(239, [
    // VALID: which of the fields behind it hold a value.
    [0, 8, fromHex('ff01030000000000')],
    [8, 16, fromHex(td.teeTcbSvn)],
    [24, 48, fromHex(td.mrSeam)],
    [72, 48, fromHex(td.mrSignerSeam)],
    [120, 8, fromHex(td.seamAttributes)],
    [128, 16, fromHex(td.teeTcbSvn2)],
  ])
  const tdInfo = layout(512, [
    [0, 8, fromHex(td.tdAttributes)],
    [8, 8, fromHex(td.xfam)],
    [16, 48, fromHex(td.mrTd)],
    [64, 48, fromHex(td.mrConfigId)],
    [112, 48, fromHex(td.mrOwner)],
    [160, 48, fromHex(td.mrOwnerConfig)],
    ...td.rtmrs.map((rtmr, i) => [208 + 48 * i, 48, fromHex(rtmr)] as const),
    [400, 48, fromHex(td.mrServiceTd)],
  ])
  const head = layout(MAC_AT, [
    // Type 0x81 (TDX), subtype 0, version 1 for the layout of TDX 1.5.
    [0, 4, Uint8Array.of(0x81, 0, 1, 0)],
    [16, 16, fromHex(cpuSvn)],
    [32, 48, digest('sha384', tcbInfo)],
    [80, 48, digest('sha384', tdInfo)],
    [128, 64, fromHex(td.reportData)],
  ])
  return concat(head, macOf(secret, head), tcbInfo, new Uint8Array(17), tdInfo)
}

/** Whether a TDREPORT was made on the machine with this secret: its MAC, and the digests that the MAC covers. */
export function verifyTdReport(secret: Uint8Array, report: Uint8Array): boolean {
  if (report.length !== SIZE) return false
  const head = report.subarray(0, MAC_AT)
  const isOurs = timingSafeEqual(macOf(secret, head), report.subarray(MAC_AT, MAC_AT + MAC_SIZE))
  const holdsTcb = timingSafeEqual(digest('sha384', report.subarray(256, 495)), head.subarray(32, 80))
  const holdsTd = timingSafeEqual(digest('sha384', report.subarray(512)), head.subarray(80, 128))
  return isOurs && holdsTcb && holdsTd
}

function macOf(secret: Uint8Array, head: Uint8Array): Uint8Array {
  return new Uint8Array(
    createHmac('sha256', derive(secret, MAC_SIZE, 'td report key'))
      .update(head)
      .digest(),
  )
}
