export { INTEL_ROOT } from '../dcap/anchors.ts'
export type { DcapTcbClaim, PlatformClaim, QeClaim } from '../dcap/claims.ts'
export { type DcapCollateral, type DcapCollateralInput, prepareDcapCollateral } from '../dcap/collateral.ts'
export type { PlatformWishes, TcbException } from '../dcap/expectations.ts'
export { type PlatformCertificate, readPlatformCertificate } from '../dcap/platform-certificate.ts'
export { encodeQuote, type Quote, type QuoteHeader, type QuoteParts } from '../dcap/quote.ts'
export type { TcbStatus } from '../dcap/tcb.ts'
export { tdxCatalogue } from './catalogue.ts'
export type { TdxClaims } from './claims.ts'
export * from './event-log/index.ts'
export { readTdxExpectations, type TdAttributeWishes, type TdxExpectations } from './expectations.ts'
export { tdxFields } from './fields.ts'
export { prepareEventLog } from './log-steps.ts'
export type { PreparedEventLog } from './prepared-log.ts'
export {
  decodeTdAttributes,
  decodeXfam,
  encodeTdReport10,
  encodeTdReport15,
  encodeTdReport15Extended,
  parseTdxQuote,
  type TdAttributes,
  type TdReport,
} from './report.ts'
export { settleEventLog, settleEventLogSync } from './settle-log.ts'
export { tdxSkeleton } from './skeleton.ts'
export { type TdxOptions, verifyTdx, verifyTdxSync } from './verify.ts'
