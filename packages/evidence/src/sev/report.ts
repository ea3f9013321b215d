import { concatBytes, Reader } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { u32 } from './numbers.ts'

/** Size of the answer to ATTESTATION, and the part of it that is signed. */
export const SEV_REPORT_SIZE = 208
export const SEV_REPORT_SIGNED_SIZE = 52
/** Size of the answer to LAUNCH_MEASURE. */
export const SEV_LAUNCH_MEASURE_SIZE = 48

/**
 * The answer to the ATTESTATION command of late SEV firmware. Byte strings are views on a copy.
 * @see AMD 55766 (SEV API), section 6.8 ATTESTATION
 */
export interface SevReport {
  /** Chosen by whoever asked, who may be the host. */
  readonly mnonce: Uint8Array
  readonly launchDigest: Uint8Array
  readonly policy: number
  readonly signatureUsage: number
  readonly signatureAlgorithm: number
  readonly reserved: Uint8Array
  /** R and S, 72 bytes each, little-endian. */
  readonly signature: Uint8Array
  readonly signedBytes: Uint8Array
}

/** Parses an attestation report. @throws EvidenceError */
export function parseSevReport(input: Uint8Array): SevReport {
  const bytes = new Uint8Array(input)
  const reader = new Reader(bytes)
  const mnonce = reader.bytes(16, 'report.mnonce')
  const launchDigest = reader.bytes(32, 'report.launchDigest')
  const policy = reader.u32('report.policy')
  const signatureUsage = reader.u32('report.signatureUsage')
  const signatureAlgorithm = reader.u32('report.signatureAlgo')
  const reserved = reader.bytes(4, 'report.reserved')
  const signature = reader.bytes(144, 'report.signature')
  reader.end('report')
  return {
    mnonce,
    launchDigest,
    policy,
    signatureUsage,
    signatureAlgorithm,
    reserved,
    signature,
    signedBytes: bytes.subarray(0, SEV_REPORT_SIGNED_SIZE),
  }
}

/** The bytes of a report; parsing and encoding give back the same bytes. */
export function encodeSevReport(report: Omit<SevReport, 'signedBytes'>): Uint8Array {
  return concatBytes(
    report.mnonce,
    report.launchDigest,
    u32(report.policy),
    u32(report.signatureUsage),
    u32(report.signatureAlgorithm),
    report.reserved,
    report.signature,
  )
}

/**
 * The answer to LAUNCH_MEASURE.
 * @see AMD 55766 (SEV API), section 6.5 LAUNCH_MEASURE
 */
export interface SevLaunchMeasure {
  /** 32 bytes: HMAC-SHA-256 under the guest owner's TIK. */
  readonly measure: Uint8Array
  /** 16 bytes that the platform chose. */
  readonly mnonce: Uint8Array
}

/** Parses the 48 bytes. @throws EvidenceError */
export function parseSevLaunchMeasure(input: Uint8Array): SevLaunchMeasure {
  const reader = new Reader(new Uint8Array(input))
  const measure = reader.bytes(32, 'launchMeasure.measure')
  const mnonce = reader.bytes(16, 'launchMeasure.mnonce')
  reader.end('launchMeasure')
  return { measure, mnonce }
}

/** The bytes of an answer to LAUNCH_MEASURE. */
export function encodeSevLaunchMeasure({ measure, mnonce }: SevLaunchMeasure): Uint8Array {
  return concatBytes(measure, mnonce)
}

/** What the guest owner knows of a launch, beside its digest. The API version and build come from the platform; the MAC proves them. */
export interface SevLaunch {
  readonly apiMajor: number
  readonly apiMinor: number
  readonly buildId: number
  readonly policy: number
}

/** The bytes that LAUNCH_MEASURE authenticates. @throws EvidenceError when a number or digest does not fit its field */
export function launchMeasureInput(
  { apiMajor, apiMinor, buildId, policy }: SevLaunch,
  launchDigest: Uint8Array,
  mnonce: Uint8Array,
): Uint8Array {
  const numbers = [apiMajor, apiMinor, buildId]
  if (
    numbers.some((one) => !Number.isInteger(one) || one < 0 || one > 255) ||
    launchDigest.length !== 32 ||
    mnonce.length !== 16
  ) {
    throw refuse(
      'launch',
      'a launch that does not fit',
      'API version and build of one byte each, a digest of 32 bytes and a nonce of 16',
    )
  }
  return concatBytes(Uint8Array.of(4, ...numbers), u32(policy), launchDigest, mnonce)
}
