import type { AmdProduct, TcbParts } from './amd-products.ts'
import { concat, filled, fromHex, layout, le } from './bytes.ts'
import { ecdsaRaw, type KeyPair, rawPoint } from './keys.ts'

/** Firmware version: build, minor, major. */
export interface FirmwareVersion {
  readonly build: number
  readonly minor: number
  readonly major: number
}

/** Fields of an SNP attestation report; byte strings in hex. */
export interface SnpReportFields {
  readonly version: number
  readonly guestSvn: number
  readonly policy: bigint
  readonly familyId: string
  readonly imageId: string
  readonly vmpl: number
  readonly signatureAlgo: number
  readonly currentTcb: TcbParts
  readonly platformInfo: bigint
  readonly keyInfo: number
  readonly reportData: string
  readonly measurement: string
  readonly hostData: string
  readonly idKeyDigest: string
  readonly authorKeyDigest: string
  readonly reportId: string
  readonly reportIdMa: string
  readonly reportedTcb: TcbParts
  /** Family, model, stepping; written from version 3 on. */
  readonly cpuid: readonly [number, number, number]
  readonly chipId: string
  readonly committedTcb: TcbParts
  readonly current: FirmwareVersion
  readonly committed: FirmwareVersion
  readonly launchTcb: TcbParts
  /** Written from version 5 on. */
  readonly launchMitVector: bigint
  /** Written from version 5 on. */
  readonly currentMitVector: bigint
}

/** TCB_VERSION as it lies in memory, 8 bytes. SEV-SNP ABI, section 2.2. */
export function encodeTcb(product: AmdProduct, tcb: TcbParts): Uint8Array {
  return product === 'Turin'
    ? Uint8Array.of(tcb.fmc ?? 0, tcb.bootLoader, tcb.tee, tcb.snp, 0, 0, 0, tcb.microcode)
    : Uint8Array.of(tcb.bootLoader, tcb.tee, 0, 0, 0, 0, tcb.snp, tcb.microcode)
}

const SIGNED_LENGTH = 0x2a0

/**
 * Encodes the signed part of a report, 672 bytes.
 * @see AMD 56860, SEV Secure Nested Paging Firmware ABI Specification, table 23
 */
export function encodeSnpReport(product: AmdProduct, fields: SnpReportFields): Uint8Array {
  const tcb = (parts: TcbParts): Uint8Array => encodeTcb(product, parts)
  const firmware = (one: FirmwareVersion): Uint8Array => Uint8Array.of(one.build, one.minor, one.major)
  return layout(SIGNED_LENGTH, [
    [0x000, 4, le(fields.version, 4)],
    [0x004, 4, le(fields.guestSvn, 4)],
    [0x008, 8, le(fields.policy, 8)],
    [0x010, 16, fromHex(fields.familyId)],
    [0x020, 16, fromHex(fields.imageId)],
    [0x030, 4, le(fields.vmpl, 4)],
    [0x034, 4, le(fields.signatureAlgo, 4)],
    [0x038, 8, tcb(fields.currentTcb)],
    [0x040, 8, le(fields.platformInfo, 8)],
    [0x048, 4, le(fields.keyInfo, 4)],
    [0x050, 64, fromHex(fields.reportData)],
    [0x090, 48, fromHex(fields.measurement)],
    [0x0c0, 32, fromHex(fields.hostData)],
    [0x0e0, 48, fromHex(fields.idKeyDigest)],
    [0x110, 48, fromHex(fields.authorKeyDigest)],
    [0x140, 32, fromHex(fields.reportId)],
    [0x160, 32, fromHex(fields.reportIdMa)],
    [0x180, 8, tcb(fields.reportedTcb)],
    ...(fields.version >= 3 ? ([[0x188, 3, Uint8Array.from(fields.cpuid)]] as const) : []),
    [0x1a0, 64, fromHex(fields.chipId)],
    [0x1e0, 8, tcb(fields.committedTcb)],
    [0x1e8, 3, firmware(fields.current)],
    [0x1ec, 3, firmware(fields.committed)],
    [0x1f0, 8, tcb(fields.launchTcb)],
    ...(fields.version >= 5
      ? ([
          [0x1f8, 8, le(fields.launchMitVector, 8)],
          [0x200, 8, le(fields.currentMitVector, 8)],
        ] as const)
      : []),
  ])
}

/** Appends the signature to the signed part of a report: 1184 bytes. */
export function signReport(signedPart: Uint8Array, key: KeyPair): Uint8Array {
  return concat(signedPart, snpSignature(key, signedPart))
}

/** Signature block, 512 bytes: r and s little-endian in 72 bytes each, zeros. SEV-SNP ABI, table 114. */
export function snpSignature(key: KeyPair, data: Uint8Array): Uint8Array {
  const raw = ecdsaRaw('sha384', key, data)
  return concat(number72(raw.subarray(0, 48)), number72(raw.subarray(48)), filled(368))
}

/** Public key block, 1028 bytes: curve P-384, x and y little-endian in 72 bytes each, zeros. SEV-SNP ABI, table 115. */
export function snpPublicKey(key: KeyPair): Uint8Array {
  const point = rawPoint(key)
  return concat(le(2, 4), number72(point.subarray(0, 48)), number72(point.subarray(48)), filled(880))
}

function number72(bigEndian: Uint8Array): Uint8Array {
  return concat(Uint8Array.from(bigEndian).reverse(), filled(24))
}

/** MSG_REPORT_RSP: status, size, reserved, report. SEV-SNP ABI, table 25. */
export function reportResponse(report: Uint8Array, status = 0): Uint8Array {
  return concat(le(status, 4), le(report.length, 4), filled(24), report)
}
