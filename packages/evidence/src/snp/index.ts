export type { Part } from '../core/part.ts'
export { AMD_ROOTS } from './anchors.ts'
export {
  keyInfoOf,
  PLATFORM_BITS,
  POLICY_BITS,
  type SnpKeyInfo,
  type SnpPlatformFlag,
  type SnpPolicyFlag,
  type SnpSigningKey,
} from './bits.ts'
export { snpCatalogue } from './catalogue.ts'
export { parseCertificateTable, type TableEntry, type TableEntryKind } from './certificate-table.ts'
export { LEVEL_NAMES, type LeafExtensions, type LeafRole, readLeafExtensions } from './certificates.ts'
export type { SnpClaims } from './claims.ts'
export {
  type Leaf,
  prepareSnpCollateral,
  SnpCollateral,
  type SnpCollateralInput,
  type SnpParts,
} from './collateral.ts'
export { type SnpEnvelope, splitSnpEvidence } from './envelope.ts'
export { readSnpExpectations, type SnpExpectations } from './expectations.ts'
export { snpFields } from './fields.ts'
export { encodeIdBlock, type IdAuth, type IdBlock, parseIdAuth, parseIdBlock } from './id-block.ts'
export { type SettledIdBlock, settleIdBlock } from './id-block-check.ts'
export { parseSnpJson, type SnpJsonEvidence } from './json-report.ts'
export { AMD_KDS, kdsChainPath, kdsCrlPath, kdsVcekPath } from './kds.ts'
export {
  decodeTcb,
  productOfCpuid,
  type SnpProduct,
  type SnpTcb,
  TCB_PARTS,
  type TcbPart,
  tcbLayout,
} from './products.ts'
export {
  decodeSnpReport,
  encodeSnpReport,
  type FirmwareVersion,
  parseSnpReport,
  reportProduct,
  SNP_REPORT_SIZE,
  type SnpReport,
  snpReportLayout,
  VMPL_HOST,
} from './report.ts'
export { snpSkeleton } from './skeleton.ts'
export {
  type SnpEndorsementOptions,
  type SnpVerifyOptions,
  snpCheckIds,
  verifySnp,
  verifySnpEndorsement,
  verifySnpSync,
} from './verify.ts'
