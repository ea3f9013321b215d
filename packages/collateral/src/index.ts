export type { BundleItem, EndorsementBundle, UnknownItem } from './bundle.ts'
export {
  type CacheEntry,
  type CollateralCache,
  defaultCacheFolder,
  type DiskCacheOptions,
  diskCache,
  memoryCache,
} from './cache.ts'
export { CollateralError, type CollateralErrorCode, type CollateralErrorDetails } from './errors.ts'
export type { EvaluationNumber } from './intel.ts'
export { type NetworkSource, networkSource } from './network.ts'
export {
  AMD_KDS_URL,
  type HttpLimits,
  INTEL_PCS_URL,
  INTEL_ROOT_CRL_URL,
  type IntelServiceOptions,
  type NetworkOptions,
  type ServiceOptions,
} from './options.ts'
export type {
  AmdCollateral,
  AmdRequest,
  AmdTcb,
  CollateralSource,
  IntelCollateral,
  IntelCollateralInput,
  IntelRequest,
  IntelTee,
  PckCa,
  PckCertificate,
  PckRequest,
  Progress,
  Window,
} from './types.ts'
