export { spkiOf } from '../crypto/spki.ts'
export { type ExplainedEvent, explainEvent } from '../eventlog/explain.ts'
export { algorithmId, type TpmHash, type TpmScheme } from '../tpm-structures/algorithms.ts'
export {
  ATTEST,
  type Attest,
  certifyInfo,
  creationInfo,
  encodeAttest,
  type PcrSelection,
  parseAttest,
  type QuoteInfo,
  TPM_GENERATED,
} from '../tpm-structures/attest.ts'
export {
  attributeNames,
  encodePublic2b,
  OBJECT_ATTRIBUTES,
  type ObjectAttribute,
  parsePublic,
  publicKeyOf,
  type TpmPublic,
} from '../tpm-structures/public-area.ts'
export {
  bareSignature,
  encodeSignature,
  parseSignature,
  signatureJob,
  type TpmSignature,
} from '../tpm-structures/signature.ts'
export { GOOGLE_TPM_ROOTS } from './anchors.ts'
export { type BootLogFault, type ExplainedBank, type ExplainedBootLog, explainBootLog } from './boot/explain.ts'
export type { BootFacts, BootFile, BootProgram, BootText, SecureBoot, SecureBootKeys } from './boot/facts.ts'
export type { PcrValues, ReplayResult } from './boot/measured-log.ts'
export type { WindowsClaims, WindowsFinding } from './boot/windows.ts'
export type { TpmCertificateFacts } from './certificates.ts'
export { readChain as readTpmChain, type TpmChain } from './certificates.ts'
export type { BootClaims, TpmClaims } from './claims.ts'
export { parseTpmJson, readPcrs, type TpmEvidence } from './evidence.ts'
export { readTpmExpectations, type TpmExpectations } from './expectations.ts'
export { tpmFields } from './fields.ts'
export type { GoogleInstance, GoogleSecurity, InstanceWishes } from './instance.ts'
export { tpmComparable, tpmSkeleton } from './skeleton.ts'
export type { TpmActivation } from './state.ts'
export { type TpmVerifyOptions, tpmCheckIds, verifyTpm, verifyTpmSync } from './verify.ts'
