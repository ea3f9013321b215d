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
export type { ImageBytes } from './image-reader.ts'
export { IMAGE_HEAD, type ImageKind, recogniseImage } from './recognise.ts'
