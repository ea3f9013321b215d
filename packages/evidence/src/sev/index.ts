export { spkiOf as sevSpki } from '../crypto/spki.ts'
export { type AmdCertificate, encodeAmdCertificate, parseAmdCertificate } from './amd-certificate.ts'
export { AMD_SEV_ROOTS } from './anchors.ts'
export { parseSevCertificates, type SevCertificates, type SevPlace } from './certificates.ts'
export type { SevClaims } from './claims.ts'
export {
  readSevExpectations,
  type SevExpectations,
  type SevFirmwareExpectations,
  type SevPolicyExpectations,
} from './expectations.ts'
export { sevFields } from './fields.ts'
export { type SevPolicy, sevPolicy } from './policy.ts'
export {
  encodeSevLaunchMeasure,
  encodeSevReport,
  launchMeasureInput,
  parseSevLaunchMeasure,
  parseSevReport,
  SEV_LAUNCH_MEASURE_SIZE,
  SEV_REPORT_SIGNED_SIZE,
  SEV_REPORT_SIZE,
  type SevLaunch,
  type SevLaunchMeasure,
  type SevReport,
} from './report.ts'
export {
  encodeSevSession,
  type OpenedSevSession,
  openSevSecret,
  openSevSession,
  parseSevSecretHeader,
  parseSevSession,
  SEV_SECRET_HEADER_SIZE,
  SEV_SESSION_SIZE,
  type SevSecret,
  type SevSession,
} from './session.ts'
export {
  encodeSevCertificate,
  isEmptySlot,
  parseSevCertificate,
  SEV_CERTIFICATE_SIZE,
  SEV_USAGE,
  type SevCertificate,
  type SevSignature,
  sevAlgorithmName,
  sevUsageName,
} from './sev-certificate.ts'
export { sevSkeleton } from './skeleton.ts'
export {
  encodeSevCertificates,
  type SevLaunchOptions,
  type SevVerifyOptions,
  sevCheckIds,
  verifySev,
  verifySevSync,
} from './verify.ts'
