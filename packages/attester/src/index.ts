export type { Attester, Collected } from './attester.ts'
export { type EnrolRequest, enrol } from './client/enrol.ts'
export { ClientError, type ClientErrorCode, Refusal } from './client/errors.ts'
export type { Transport } from './client/http.ts'
export { decryptJwe } from './client/jwe.ts'
export type { ReleaseStep, SecretRequest } from './client/kbs.ts'
export {
  type HeldLease,
  type LeasedSecret,
  type RenewalRequest,
  renewLease,
  requestLeasedSecret,
} from './client/native.ts'
export { type ReleasedSecret, requestSecret } from './client/request-secret.ts'
export { bindingOf, makeTeeKey, type TeeKey, type TeePublicKey } from './client/tee-key.ts'
export { type LeaseEvent, type WatchOptions, watchLease } from './client/watch.ts'
export { type EmulatedAttester, type EmulatedPlatform, emulatedAttester } from './emulated.ts'
export type { Credential, EnrolmentRequest } from './enrolment.ts'
export type { AkSource, MadeAk, PersistentAk, TemplateAk } from './tpm/attestation-key.ts'
export { describeTpm, getRandom, readBanks, readHandles, type TpmDescription } from './tpm/capability.ts'
export type { TpmAnswer, TpmCommand } from './tpm/command.ts'
export { openTpm, type TpmChannel, type TpmDevice, type TpmOptions } from './tpm/device.ts'
export { type EkChoice, type EndorsementKey, openEndorsementKey } from './tpm/endorsement.ts'
export { TpmError, type TpmErrorCode } from './tpm/errors.ts'
export { readPublic, type TpmKey } from './tpm/keys.ts'
export { readNv } from './tpm/nv.ts'
export { extendPcr, type PcrChoice, readPcrValues, resetPcr } from './tpm/pcr.ts'
export type { ResponseCode } from './tpm/response-code.ts'
export type { AkKind } from './tpm/templates.ts'
export type { TpmAddress } from './tpm/transport.ts'
export { DEFAULT_PCRS, type TpmAttester, type TpmAttesterOptions, tpmAttester } from './tpm-attester.ts'
export { TsmError, type TsmErrorCode } from './tsm/errors.ts'
export type { TsmFiles } from './tsm/files.ts'
export { type TsmAttesterOptions, tsmAttester } from './tsm-attester.ts'
