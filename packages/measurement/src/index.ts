export { type NitroPlace, nitroExpectationsFrom } from './eif/expectations.ts'
export type { EifArchitecture, EifSectionType } from './eif/header.ts'
export {
  type EifMeasurement,
  type EifRegisters,
  type EifSigner,
  type MeasureOptions,
  measureEif,
} from './eif/measure.ts'
export type { EifMetadata } from './eif/metadata.ts'
export { nitroPcr3, nitroPcr4 } from './eif/registers.ts'
export type { EifSection } from './eif/sections.ts'
export type { EifCheck } from './eif/signature-checks.ts'
export { readSevFirmware, type SevFirmware, type SevSection, type SevSectionType } from './firmware/sev.ts'
export { readFirmwareTable, type TableEntry } from './firmware/table.ts'
export { readTdvf, type TdvfSection } from './firmware/tdvf.ts'
export type { ImageBytes } from './image-reader.ts'
export { CPU_MODELS, cpuSignature, signatureOfModel } from './launch/cpu-models.ts'
export type { DirectBoot } from './launch/kernel-hashes.ts'
export { kernelHashesTable } from './launch/kernel-hashes.ts'
export type { Machine } from './launch/machine.ts'
export { measureSev, measureSevEs, type SevEsLaunch } from './launch/sev.ts'
export { measureSnp, measureSnpSvsm, type SnpLaunch, type SvsmLaunch, snpExpectationsFrom } from './launch/snp.ts'
export type { SnpPage, SnpPageType } from './launch/snp-digest.ts'
export { readSnpFirmware, type SnpFirmware } from './launch/snp-firmware.ts'
export { matchSnp, type SnpMatch, type SnpSearch } from './launch/snp-match.ts'
export { measureTdx, type TdBuildOrder, tdxExpectationsFrom } from './launch/tdx.ts'
export { HYPERVISORS, type Hypervisor, isHypervisor, RESET_REGISTERS, type ResetRegisters } from './launch/vmsa.ts'
export { type FirmwareTee, IMAGE_HEAD, type ImageKind, recogniseFirmware, recogniseImage } from './recognise.ts'
