import { EvidenceError } from '../core/errors.ts'
import { productOfCpuid, type SnpProduct } from './products.ts'

/** Length of an attestation report in bytes. */
export const SNP_REPORT_SIZE: number = 0x4a0
/** The signature covers the bytes before this offset, exactly as received. */
export const SNP_SIGNED_SIZE: number = 0x2a0
/** VMPL of a report that the host asked for. */
export const VMPL_HOST: number = 0xffffffff

/** SEV firmware version. */
export interface FirmwareVersion {
  readonly major: number
  readonly minor: number
  readonly build: number
}

/**
 * An attestation report, field by field; byte strings are in memory order. TCBs stay raw because their
 * layout depends on the product. Reserved bytes are kept, so that a report can be written again as it was.
 *
 * @see AMD 56860 (SEV-SNP firmware ABI), ATTESTATION_REPORT
 */
export interface SnpReport {
  /** 2 to 5; 4 is not publicly described and is read like 3. */
  readonly version: number
  readonly guestSvn: number
  readonly policy: bigint
  readonly familyId: Uint8Array
  readonly imageId: Uint8Array
  /** 0 to 3, or {@link VMPL_HOST}. */
  readonly vmpl: number
  /** 1: ECDSA P-384 with SHA-384. */
  readonly signatureAlgo: number
  readonly currentTcb: Uint8Array
  readonly platformInfo: bigint
  readonly keyInfo: number
  readonly reserved4c: Uint8Array
  readonly reportData: Uint8Array
  readonly measurement: Uint8Array
  readonly hostData: Uint8Array
  readonly idKeyDigest: Uint8Array
  readonly authorKeyDigest: Uint8Array
  readonly reportId: Uint8Array
  readonly reportIdMa: Uint8Array
  readonly reportedTcb: Uint8Array
  /** Combined family, model and stepping; from version 3. */
  readonly cpuidFamily?: number
  readonly cpuidModel?: number
  readonly cpuidStepping?: number
  /** From 0x18B, in version 2 from 0x188. */
  readonly reserved18b: Uint8Array
  readonly chipId: Uint8Array
  readonly committedTcb: Uint8Array
  readonly current: FirmwareVersion
  readonly reserved1eb: Uint8Array
  readonly committed: FirmwareVersion
  readonly reserved1ef: Uint8Array
  readonly launchTcb: Uint8Array
  /** From version 5. */
  readonly launchMitVector?: bigint
  readonly currentMitVector?: bigint
  /** From 0x208, before version 5 from 0x1F8. */
  readonly reserved208: Uint8Array
  /** 72 bytes, little-endian. */
  readonly signatureR: Uint8Array
  readonly signatureS: Uint8Array
  /** After the signature, and not signed. */
  readonly reserved330: Uint8Array
}

type Writable = { -readonly [K in keyof SnpReport]?: SnpReport[K] }

/** One row of the layout. */
export interface ReportRow {
  readonly name: keyof SnpReport
  readonly offset: number
  readonly size: number
  read(view: DataView, into: Writable): void
  write(view: DataView, report: SnpReport): void
}

interface Codec<T> {
  readonly size: number
  read(view: DataView, offset: number): T
  write(view: DataView, offset: number, value: T): void
}

const u8: Codec<number> = {
  size: 1,
  read: (view, offset) => view.getUint8(offset),
  write: (view, offset, value) => view.setUint8(offset, value),
}
const u32: Codec<number> = {
  size: 4,
  read: (view, offset) => view.getUint32(offset, true),
  write: (view, offset, value) => view.setUint32(offset, value, true),
}
const u64: Codec<bigint> = {
  size: 8,
  read: (view, offset) => view.getBigUint64(offset, true),
  write: (view, offset, value) => view.setBigUint64(offset, value, true),
}
const firmware: Codec<FirmwareVersion> = {
  size: 3,
  read: (view, offset) => ({
    major: view.getUint8(offset + 2),
    minor: view.getUint8(offset + 1),
    build: view.getUint8(offset),
  }),
  write: (view, offset, value) => {
    view.setUint8(offset, value.build)
    view.setUint8(offset + 1, value.minor)
    view.setUint8(offset + 2, value.major)
  },
}

function bytes(size: number): Codec<Uint8Array> {
  return {
    size,
    read: (view, offset) => new Uint8Array(view.buffer, view.byteOffset + offset, size),
    write: (view, offset, value) => {
      if (value.length !== size) throw new TypeError(`a field of ${size} bytes was given ${value.length}`)
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(value, offset)
    },
  }
}

// Rows are made once a version, so that reading is one loop.
function row<K extends keyof SnpReport>(name: K, offset: number, codec: Codec<NonNullable<SnpReport[K]>>): ReportRow {
  return {
    name,
    offset,
    size: codec.size,
    read: (view, into) => {
      const value: NonNullable<SnpReport[K]> = codec.read(view, offset)
      into[name] = value
    },
    write: (view, report) => {
      const value = report[name]
      if (value === undefined) throw new TypeError(`a report of version ${report.version} needs ${name}`)
      codec.write(view, offset, value)
    },
  }
}

function layout(version: number): readonly ReportRow[] {
  return [
    row('version', 0x000, u32),
    row('guestSvn', 0x004, u32),
    row('policy', 0x008, u64),
    row('familyId', 0x010, bytes(16)),
    row('imageId', 0x020, bytes(16)),
    row('vmpl', 0x030, u32),
    row('signatureAlgo', 0x034, u32),
    row('currentTcb', 0x038, bytes(8)),
    row('platformInfo', 0x040, u64),
    row('keyInfo', 0x048, u32),
    row('reserved4c', 0x04c, bytes(4)),
    row('reportData', 0x050, bytes(64)),
    row('measurement', 0x090, bytes(48)),
    row('hostData', 0x0c0, bytes(32)),
    row('idKeyDigest', 0x0e0, bytes(48)),
    row('authorKeyDigest', 0x110, bytes(48)),
    row('reportId', 0x140, bytes(32)),
    row('reportIdMa', 0x160, bytes(32)),
    row('reportedTcb', 0x180, bytes(8)),
    ...(version >= 3
      ? [
          row('cpuidFamily', 0x188, u8),
          row('cpuidModel', 0x189, u8),
          row('cpuidStepping', 0x18a, u8),
          row('reserved18b', 0x18b, bytes(21)),
        ]
      : [row('reserved18b', 0x188, bytes(24))]),
    row('chipId', 0x1a0, bytes(64)),
    row('committedTcb', 0x1e0, bytes(8)),
    row('current', 0x1e8, firmware),
    row('reserved1eb', 0x1eb, bytes(1)),
    row('committed', 0x1ec, firmware),
    row('reserved1ef', 0x1ef, bytes(1)),
    row('launchTcb', 0x1f0, bytes(8)),
    ...(version >= 5
      ? [row('launchMitVector', 0x1f8, u64), row('currentMitVector', 0x200, u64), row('reserved208', 0x208, bytes(152))]
      : [row('reserved208', 0x1f8, bytes(168))]),
    row('signatureR', 0x2a0, bytes(72)),
    row('signatureS', 0x2e8, bytes(72)),
    row('reserved330', 0x330, bytes(368)),
  ]
}

const LAYOUTS: ReadonlyMap<number, readonly ReportRow[]> = new Map(
  [2, 3, 4, 5].map((version) => [version, layout(version)]),
)

const OLDEST: readonly ReportRow[] = layout(2)
const NEWEST: readonly ReportRow[] = layout(5)

/** Rows of a report of this version, in order of offset, without gaps; for a version that is not known, those of the nearest one. */
export function snpReportLayout(version: number): readonly ReportRow[] {
  return LAYOUTS.get(version) ?? (version < 2 ? OLDEST : NEWEST)
}

/**
 * Reads an attestation report; byte strings are views on `report`. Nothing in it is believed yet.
 *
 * @param report exactly 1184 bytes; split wrappers and certificate tables off first
 * @throws EvidenceError `truncated`, `trailing-bytes`, `unsupported-version`, `unsupported-algorithm`,
 *   and `malformed` for a VMPL that does not exist
 */
export function parseSnpReport(report: Uint8Array): SnpReport {
  const parsed = decodeSnpReport(report)
  const { version, signatureAlgo, vmpl } = parsed
  if (!LAYOUTS.has(version))
    throw refuse('unsupported-version', `version ${version}`, 'report.version', 0, 'version 2 to 5')
  if (signatureAlgo !== 1) {
    throw refuse(
      'unsupported-algorithm',
      `algorithm ${signatureAlgo}`,
      'report.signatureAlgo',
      0x34,
      '1, ECDSA P-384 with SHA-384',
    )
  }
  if (vmpl > 3 && vmpl !== VMPL_HOST)
    throw refuse('malformed', `VMPL ${vmpl}`, 'report.vmpl', 0x30, '0 to 3, or 4294967295 for the host')
  return parsed
}

/**
 * As {@link parseSnpReport}, for looking only: an unknown version is read with the nearest layout, and
 * values that no report has are let through.
 *
 * @throws EvidenceError for another length
 */
export function decodeSnpReport(report: Uint8Array): SnpReport {
  if (report.length !== SNP_REPORT_SIZE) {
    throw new EvidenceError(
      report.length < SNP_REPORT_SIZE ? 'truncated' : 'trailing-bytes',
      `${report.length} bytes`,
      {
        field: 'report',
        offset: Math.min(report.length, SNP_REPORT_SIZE),
        expected: `exactly ${SNP_REPORT_SIZE} bytes`,
      },
    )
  }
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength)
  const read: Writable = {}
  for (const row of snpReportLayout(view.getUint32(0, true))) row.read(view, read)
  // The rows of every version set all fields that the type does not mark as optional; a test holds that.
  return read as SnpReport
}

function refuse(
  code: 'malformed' | 'unsupported-version' | 'unsupported-algorithm',
  found: string,
  field: string,
  offset: number,
  expected: string,
): EvidenceError {
  return new EvidenceError(code, found, { field, offset, expected })
}

/**
 * Writes a report as its 1184 bytes; the inverse of {@link parseSnpReport} for every byte.
 * @throws TypeError for an unknown version, a field of the wrong length, or one that the version needs and that is absent
 */
export function encodeSnpReport(report: SnpReport): Uint8Array {
  const rows = LAYOUTS.get(report.version)
  if (rows === undefined) throw new TypeError(`reports of version ${report.version} are not known`)
  const encoded = new Uint8Array(SNP_REPORT_SIZE)
  const view = new DataView(encoded.buffer)
  for (const one of rows) one.write(view, report)
  return encoded
}

/** Product that the CPUID fields name; undefined for version 2, which has none, and for unknown models. */
export function reportProduct(report: SnpReport): SnpProduct | undefined {
  const { cpuidFamily, cpuidModel } = report
  return cpuidFamily === undefined || cpuidModel === undefined ? undefined : productOfCpuid(cpuidFamily, cpuidModel)
}
