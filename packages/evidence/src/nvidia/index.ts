export type { Part } from '../core/part.ts'
export { NVIDIA_DEVICE_ROOT, NVIDIA_RIM_ROOT, NVIDIA_ROOTS } from './anchors.ts'
export { modeOf } from './appraisal-steps.ts'
export { nvidiaCatalogue } from './catalogue.ts'
export {
  architectureOf,
  type Chain,
  diceExtension,
  linkIdentity,
  type NvidiaArchitecture,
  parsePemChain,
  readFwid,
} from './certificates.ts'
export type { NvidiaClaims } from './claims.ts'
export { NvidiaCollateral, type NvidiaCollateralInput, prepareNvidiaCollateral } from './collateral.ts'
export { deviceFacts } from './device.ts'
export { type NvidiaDeviceEvidence, splitNvidiaEvidence } from './envelope.ts'
export { type NvidiaExpectations, readNvidiaExpectations } from './expectations.ts'
export { nvidiaFields } from './fields.ts'
export { type NvidiaNodeDevice, nvidiaNodeCheckIds, verifyNvidiaNode, verifyNvidiaNodeSync } from './node.ts'
export { type OcspAnswer, type OcspResponse, parseOcspResponse } from './ocsp.ts'
export {
  linkedGpus,
  linkedSwitches,
  type NvidiaMode,
  OPAQUE_TYPES,
  type OpaqueEntry,
  type OpaqueName,
  opaqueBytes,
  opaqueName,
  opaqueNumber,
  opaqueText,
  switchIdentity,
  vbiosVersion,
} from './opaque.ts'
export {
  encodeNvidiaReport,
  type MeasurementBlock,
  type NvidiaReport,
  parseNvidiaReport,
  type SpdmRequest,
  type SpdmResponse,
} from './report.ts'
export { compareMeasurements, type GoldenSource, type MeasurementComparison, type Mismatch } from './rim/compare.ts'
export { type GoldenMeasurement, type NvidiaRim, parseNvidiaRim } from './rim/manifest.ts'
export { NVIDIA_RIM_SERVICE } from './rim/rim-steps.ts'
export { nvidiaSkeleton } from './skeleton.ts'
export type { DeviceFacts, RimKind } from './state.ts'
export { type NvidiaVerifyOptions, nvidiaCheckIds, verifyNvidia, verifyNvidiaSync } from './verify.ts'
export { type NvidiaPartOptions, verifyNvidiaChain, verifyNvidiaRim } from './verify-parts.ts'
