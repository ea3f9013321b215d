export { INTEL_ROOT } from '../dcap/anchors.ts'
export type { DcapTcbClaim, PlatformClaim, QeClaim } from '../dcap/claims.ts'
export { type DcapCollateral, type DcapCollateralInput, prepareDcapCollateral } from '../dcap/collateral.ts'
export type { PlatformWishes, TcbException } from '../dcap/expectations.ts'
export { type PckExtensions, parsePckExtensions } from '../dcap/pck.ts'
export { type PlatformCertificate, readPlatformCertificate } from '../dcap/platform-certificate.ts'
export { encodeQuote, type Quote, type QuoteHeader, type QuoteParts } from '../dcap/quote.ts'
export type { TcbStatus } from '../dcap/tcb.ts'
export { sgxCatalogue } from './catalogue.ts'
export type { SgxClaims } from './claims.ts'
export { readSgxExpectations, type SgxAttributeWishes, type SgxExpectations } from './expectations.ts'
export { sgxFields } from './fields.ts'
export {
  decodeSgxAttributes,
  type EnclaveReport,
  encodeEnclaveReport,
  parseEnclaveReport,
  parseSgxQuote,
  type SgxAttributes,
} from './report.ts'
export { sgxSkeleton } from './skeleton.ts'
export { type SgxOptions, verifySgx, verifySgxSync } from './verify.ts'
