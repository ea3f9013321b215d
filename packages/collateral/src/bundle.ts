import type { AmdCollateral, IntelCollateral, PckCertificate, PckRequest } from './types.ts'

/** One endorsement in a bundle. */
export type BundleItem =
  | { readonly kind: 'intel'; readonly collateral: IntelCollateral }
  | { readonly kind: 'intel-pck'; readonly request: PckRequest; readonly certificate: PckCertificate }
  | { readonly kind: 'amd'; readonly collateral: AmdCollateral }

/** An item of a kind that this version does not know; it is kept out of every selection. */
export interface UnknownItem {
  /** Position in the file. */
  readonly index: number
  readonly kind: string
}

/** A portable endorsement bundle: everything needed to verify a set of evidence offline. Nothing in it is trusted before verification. */
export interface EndorsementBundle {
  readonly items: readonly BundleItem[]
  /** What was in the file and could not be used. */
  readonly unknown: readonly UnknownItem[]
}
