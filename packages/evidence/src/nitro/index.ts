export { AWS_NITRO_ROOTS } from './anchors.ts'
export type { NitroClaims } from './claims.ts'
export {
  encodeNitroDocument,
  encodeNitroPayload,
  instanceIdOf,
  NITRO_MAX_SIZE,
  NITRO_PROTECTED,
  type NitroDevice,
  type NitroDocument,
  type NitroPayload,
  type NitroPcr,
  parseNitroDocument,
  pcrOf,
} from './document.ts'
export { type NitroExpectations, type PcrExpectations, readNitroExpectations } from './expectations.ts'
export { nitroFields } from './fields.ts'
export { KMS_MAX_SIZE, type KmsCiphertext, parseKmsCiphertext } from './kms.ts'
export {
  encodeNsmRequest,
  encodeNsmResponse,
  NSM_MAX,
  type NsmError,
  type NsmRequest,
  type NsmResponse,
  parseNsmRequest,
  parseNsmResponse,
} from './nsm.ts'
export { nitroSkeleton } from './skeleton.ts'
export { type NitroVerifyOptions, nitroCheckIds, verifyNitro, verifyNitroSync } from './verify.ts'
