export { IAS_ROOT } from './anchors.ts'
export { IAS_MAX_SIZE, type IasEvidence, parseIas, RA_TLS_EXTENSION } from './archive.ts'
export type { IasClaims } from './claims.ts'
export { type IasExpectations, readIasExpectations } from './expectations.ts'
export { iasFields } from './fields.ts'
export {
  EPID_QUOTE_SIZE,
  type EpidQuoteBody,
  IAS_ACCEPTABLE,
  IAS_STATUSES,
  type IasReport,
  type IasStatus,
  parseEpidQuote,
  parseIasReport,
} from './report.ts'
export { iasSkeleton } from './skeleton.ts'
export { type IasVerifyOptions, iasCheckIds, verifyIas, verifyIasSync } from './verify.ts'
