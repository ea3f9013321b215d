export {
  exampleChipId,
  type MadeSnp,
  makeSnp,
  type SnpCertificates,
  type SnpOptions,
  sharedAmdAuthority,
} from './amd.ts'
export {
  type AmdAuthority,
  type AmdAuthorityOptions,
  amdCrl,
  amdName,
  createAmdAuthority,
} from './amd-authority.ts'
export { issueLeaf, type LeafFields, leafExtensions } from './amd-leaf.ts'
export type { AmdProduct, TcbParts } from './amd-products.ts'
export {
  encodeSnpReport,
  encodeTcb,
  type FirmwareVersion,
  reportResponse,
  type SnpReportFields,
  signReport,
  snpPublicKey,
  snpSignature,
} from './amd-report.ts'
export {
  certificateTable,
  encodeIdBlock,
  type IdAuth,
  type IdBlockFields,
  makeIdAuth,
  TABLE_GUIDS,
  type TableEntry,
} from './amd-tables.ts'
export { DEFAULT_AT, DEFAULT_WINDOW, type ExampleAnchor, type Window } from './anchor.ts'
export { concat, filled, flipBit, fromHex, layout, le, patched, toHex, utf8 } from './bytes.ts'
export {
  AMD_CLASS,
  AMD_PROFILE,
  amdLaunchDigest,
  amdMeasurement,
  type Cbor,
  type CorimParts,
  cbor,
  INTEL_PROFILE,
  type Members,
  makeComid,
  makeCorim,
  ofClass,
  signCorim,
  type TripleParts,
} from './corim.ts'
export {
  type EifEntry,
  type EifOptions,
  type EifSection,
  eifSection,
  makeEif,
  makeSigner,
  sealEif,
  signEif,
  signedRegister,
} from './eif.ts'
export {
  bootEvents,
  EVENT,
  type EventLogOptions,
  type LogEvent,
  type MadeEventLog,
  makeEventLog,
  replay,
  specIdEntry,
  writeEventLog,
} from './event-log.ts'
export {
  FIRMWARE_GUIDS,
  type FirmwareOptions,
  makeFirmware,
  SEV_METADATA_AT,
  SEV_ROWS,
  type SevRow,
  TDVF_METADATA_AT,
  type TdvfRow,
} from './firmware.ts'
export {
  EXAMPLE_MODULES,
  exampleLevels,
  type IntelOptions,
  isoDate,
  type MadeIntel,
  type MadeSgx,
  type MadeTdx,
  makeSgx,
  makeTdx,
  type SgxOptions,
  sharedIntelAuthority,
  type TdxOptions,
} from './intel.ts'
export { createIntelAuthority, type IntelAuthority, type IntelAuthorityOptions, intelName } from './intel-authority.ts'
export {
  type CollateralOptions,
  type DcapCollateralJson,
  type DocumentSigning,
  type ModuleIdentity,
  makeCollateral,
  type PlatformLevel,
  type QeIdentityFields,
  qeIdentityText,
  type SvnLevel,
  type TcbInfoFields,
  tcbInfoText,
} from './intel-collateral.ts'
export { EXAMPLE_PLATFORM, issuePck, type PckFields, sgxExtensions } from './intel-pck.ts'
export { makeQuote, type QuoteOverrides, type QuoteParts } from './intel-quote.ts'
export {
  EXAMPLE_ENCLAVE,
  EXAMPLE_TD,
  encodeQuoteHeader,
  encodeSgxReport,
  encodeTdReport,
  INTEL_QE_VENDOR,
  type QuoteHeaderFields,
  reportDataOf,
  type SgxReportFields,
  type TdBodyType,
  type TdReportFields,
} from './intel-reports.ts'
export {
  digest,
  ecdsaRaw,
  generateKey,
  type KeyKind,
  type KeyPair,
  keyFromPem,
  rawPoint,
  spkiSha256,
} from './keys.ts'
export { mutate, mutateText } from './mutate.ts'
export { keptRsaKeys, namedKey } from './named-keys.ts'
export { Prng } from './prng.ts'
export { type IssuingAlgorithm, signWith } from './signing.ts'
export {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateOptions,
  type CrlOptions,
  crlNumber,
  distinguishedName,
  type Extension,
  highSerial,
  type Issued,
  issue,
  issueCertificate,
  issueCrl,
  keyUsage,
  pemChain,
  type Revocation,
  type Serial,
  subjectKeyIdentifier,
  toPem,
} from './x509.ts'
