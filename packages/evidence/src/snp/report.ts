import { refuse } from '../core/errors.ts'
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

/** How a field is written: a little-endian number, a firmware version of three bytes, or so many bytes as they are. */
type Kind = 'u8' | 'u32' | 'u64' | 'firmware' | number

/** One row of the layout. */
export interface ReportRow {
  readonly name: keyof SnpReport
  readonly offset: number
  /** In bytes. */
  readonly size: number
  readonly kind: Kind
}

const SIZES: Readonly<Record<string, number>> = { u8: 1, u32: 4, u64: 8, firmware: 3 }

/** The fields of a version from front to back; they leave no gap. */
function fieldsOf(version: number): Readonly<Partial<Record<keyof SnpReport, Kind>>> {
  return {
    version: 'u32',
    guestSvn: 'u32',
    policy: 'u64',
    familyId: 16,
    imageId: 16,
    vmpl: 'u32',
    signatureAlgo: 'u32',
    currentTcb: 8,
    platformInfo: 'u64',
    keyInfo: 'u32',
    reserved4c: 4,
    reportData: 64,
    measurement: 48,
    hostData: 32,
    idKeyDigest: 48,
    authorKeyDigest: 48,
    reportId: 32,
    reportIdMa: 32,
    reportedTcb: 8,
    ...(version >= 3
      ? { cpuidFamily: 'u8', cpuidModel: 'u8', cpuidStepping: 'u8', reserved18b: 21 }
      : { reserved18b: 24 }),
    chipId: 64,
    committedTcb: 8,
    current: 'firmware',
    reserved1eb: 1,
    committed: 'firmware',
    reserved1ef: 1,
    launchTcb: 8,
    ...(version >= 5 ? { launchMitVector: 'u64', currentMitVector: 'u64', reserved208: 152 } : { reserved208: 168 }),
    signatureR: 72,
    signatureS: 72,
    reserved330: 368,
  }
}

// Rows are made once a version, so that reading is one loop.
function layout(version: number): readonly ReportRow[] {
  const rows: ReportRow[] = []
  let offset = 0
  for (const [name, kind] of Object.entries(fieldsOf(version))) {
    const size = typeof kind === 'number' ? kind : (SIZES[kind] as number)
    // The names are those of the literal above.
    rows.push({ name: name as keyof SnpReport, offset, size, kind })
    offset += size
  }
  return rows
}

/** By version; 2 is the oldest and 5 the newest. */
const LAYOUTS: readonly (readonly ReportRow[])[] = [[], [], layout(2), layout(3), layout(4), layout(5)]

/** Rows of a report of this version, in order of offset, without gaps; for a version that is not known, those of the nearest one. */
export function snpReportLayout(version: number): readonly ReportRow[] {
  return LAYOUTS[Math.min(Math.max(version, 2), 5)] as readonly ReportRow[]
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
  if (version < 2 || version > 5)
    throw refuse('report.version', `version ${version}`, 'version 2 to 5', 0, 'unsupported-version')
  if (signatureAlgo !== 1) {
    throw refuse(
      'report.signatureAlgo',
      `algorithm ${signatureAlgo}`,
      '1, ECDSA P-384 with SHA-384',
      0x34,
      'unsupported-algorithm',
    )
  }
  if (vmpl > 3 && vmpl !== VMPL_HOST)
    throw refuse('report.vmpl', `VMPL ${vmpl}`, '0 to 3, or 4294967295 for the host', 0x30)
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
    throw refuse(
      'report',
      `${report.length} bytes`,
      `exactly ${SNP_REPORT_SIZE} bytes`,
      Math.min(report.length, SNP_REPORT_SIZE),
      report.length < SNP_REPORT_SIZE ? 'truncated' : 'trailing-bytes',
    )
  }
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength)
  const rows = snpReportLayout(view.getUint32(0, true))
  // A copy of an object with these members is made in one piece, where an empty one would grow a dozen times.
  const read = { ...blankOf(rows) }
  for (const row of rows) read[row.name] = readField(view, row)
  // The rows of every version set all fields that the type does not mark as optional, of these types; a test holds that.
  return read as SnpReport
}

const BLANKS: WeakMap<readonly ReportRow[], Partial<Record<keyof SnpReport, unknown>>> = new WeakMap()

function blankOf(rows: readonly ReportRow[]): Partial<Record<keyof SnpReport, unknown>> {
  const known = BLANKS.get(rows) ?? Object.fromEntries(rows.map(({ name }) => [name, undefined]))
  BLANKS.set(rows, known)
  return known
}

function readField(view: DataView, { kind, offset }: ReportRow): number | bigint | FirmwareVersion | Uint8Array {
  switch (kind) {
    case 'u8':
      return view.getUint8(offset)
    case 'u32':
      return view.getUint32(offset, true)
    case 'u64':
      return view.getBigUint64(offset, true)
    case 'firmware':
      return { major: view.getUint8(offset + 2), minor: view.getUint8(offset + 1), build: view.getUint8(offset) }
    default:
      return new Uint8Array(view.buffer, view.byteOffset + offset, kind)
  }
}

/**
 * Writes a report as its 1184 bytes; the inverse of {@link parseSnpReport} for every byte.
 * @throws TypeError for an unknown version, a field of the wrong length, or one that the version needs and that is absent
 */
export function encodeSnpReport(report: SnpReport): Uint8Array {
  if (report.version < 2 || report.version > 5)
    throw new TypeError(`reports of version ${report.version} are not known`)
  const encoded = new Uint8Array(SNP_REPORT_SIZE)
  for (const row of snpReportLayout(report.version)) encoded.set(fieldBytes(report, row), row.offset)
  return encoded
}

function fieldBytes(report: SnpReport, { name, size }: ReportRow): Uint8Array {
  const value = report[name]
  if (value === undefined) throw new TypeError(`a report of version ${report.version} needs ${name}`)
  if (value instanceof Uint8Array) {
    if (value.length === size) return value
    throw new TypeError(`${name} has ${size} bytes and was given ${value.length}`)
  }
  if (typeof value === 'object') return Uint8Array.of(value.build, value.minor, value.major)
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes.subarray(0, size)
}

/** Product that the CPUID fields name; undefined for version 2, which has none, and for unknown models. */
export function reportProduct(report: SnpReport): SnpProduct | undefined {
  const { cpuidFamily, cpuidModel } = report
  return cpuidFamily === undefined || cpuidModel === undefined ? undefined : productOfCpuid(cpuidFamily, cpuidModel)
}
