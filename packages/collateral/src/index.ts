export { type EndorsementBundle, mergeBundles, readBundle, type UnknownItem, writeBundle } from './bundle.ts'
export { type BundleItem, readIntelInput } from './bundle-items.ts'
export {
  type CacheEntry,
  type CollateralCache,
  type DiskCacheOptions,
  defaultCacheFolder,
  diskCache,
  memoryCache,
} from './cache.ts'
export { chainSources } from './chain.ts'
export { type AmdEndorsements, describeAmd, describeIntel, describePck } from './describe.ts'
export { CollateralError, type CollateralErrorCode, type CollateralErrorDetails } from './errors.ts'
export type { EvaluationNumber } from './intel.ts'
export { type NetworkSource, networkSource } from './network.ts'
export { describeNvidiaOcsp, describeNvidiaRim } from './nvidia.ts'
export {
  AMD_KDS_URL,
  type HttpLimits,
  INTEL_PCS_URL,
  INTEL_ROOT_CRL_URL,
  type IntelServiceOptions,
  type NetworkOptions,
  NVIDIA_OCSP_URL,
  NVIDIA_RIM_URL,
  type NvidiaServiceOptions,
  type ProxyOptions,
  type ServiceOptions,
} from './options.ts'
export { bundleSource, type NvidiaSelection, selectAmd, selectIntel, selectNvidia, selectPck } from './select.ts'
export type {
  AmdCollateral,
  AmdRequest,
  AmdTcb,
  CollateralSource,
  IntelCollateral,
  IntelCollateralInput,
  IntelRequest,
  IntelTee,
  NvidiaOcspCollateral,
  NvidiaOcspRequest,
  NvidiaRimCollateral,
  NvidiaRimRequest,
  NvidiaSource,
  PckCa,
  PckCertificate,
  PckRequest,
  Progress,
  Window,
} from './types.ts'
