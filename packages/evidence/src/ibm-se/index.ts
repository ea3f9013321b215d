export {
  encodeSeAddSecretRequest,
  parseSeAddSecretRequest,
  type SeAddSecretRequest,
  seAddSecretJob,
} from './add-secret.ts'
export { IBM_SE_ROOTS } from './anchors.ts'
export { ibmSeCatalogue } from './catalogue.ts'
export type { IbmSeClaims } from './claims.ts'
export {
  encodeSeExchange,
  isSeExchange,
  parseSeExchange,
  SE_EXCHANGE_PARTS,
  type SeExchange,
  type SeExchangeEntry,
  type SeExchangePart,
} from './exchange.ts'
export { type IbmSeExpectations, readIbmSeExpectations } from './expectations.ts'
export { ibmSeFields } from './fields.ts'
export {
  encodeSeHeader,
  parseSeHeader,
  readSeHeaderSecrets,
  SE_HEADER_MAX_SIZE,
  type SeHeader,
  type SeHeaderSecrets,
  type SePlainFlags,
  seHeaderJob,
  sePlainFlags,
} from './header.ts'
export { type HyperProtectEntry, type HyperProtectRecord, parseHyperProtectRecord } from './hyper-protect.ts'
export { findSeHeader, type SeImageLayout, type SePageDigests, type SeStoredComponent, sePageDigests } from './image.ts'
export { exchangeOfKbs, isSeJson, parseSeKbs, type SeKbsAnswer } from './kbs.ts'
export { type OpenedKeySlot, openSeKeySlot } from './key-slot.ts'
export { onP521, paddedPoint, unpaddedPoint } from './point.ts'
export {
  encodeSeRequest,
  parseSeRequest,
  readSeAdditionalData,
  readSeRequestSecrets,
  type SeAdditionalData,
  type SeMeasured,
  type SeRequest,
  type SeRequestFlags,
  type SeRequestSecrets,
  seMeasuredBytes,
  seRequestFlags,
  seRequestJob,
} from './request.ts'
export { ibmSeSkeleton } from './skeleton.ts'
export { type KeySlot, readSlot, SLOT_SIZE } from './slots.ts'
export { type IbmSeVerifyOptions, ibmSeCheckIds, parseHostKeyDocument, verifyIbmSe, verifyIbmSeSync } from './verify.ts'
export type { HostKeyDocument } from './x509-files.ts'
