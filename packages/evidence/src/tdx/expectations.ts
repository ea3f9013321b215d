import {
  booleanField,
  commonFields,
  type FieldKinds,
  hexField,
  listOf,
  objectField,
  readExpectations,
} from '../core/expectations.ts'
import { DCAP_FIELDS, type DcapExpectations } from '../dcap/expectations.ts'
import type { TD_ATTRIBUTES } from './report.ts'

/** TD attributes that must be on (`true`) or off (`false`). */
export type TdAttributeWishes = { readonly [K in keyof typeof TD_ATTRIBUTES]?: boolean }

/**
 * What a relying party may expect of a TD. `measurement` is MRTD, `hostData` MRCONFIGID, `products`
 * FMSPCs. Nobody signs a TD, so that there is no `signer`.
 */
export interface TdxExpectations extends DcapExpectations {
  /** Accepted values of the registers that the TD extends itself: without weight unless those below are pinned. */
  readonly rtmr0?: readonly string[]
  readonly rtmr1?: readonly string[]
  readonly rtmr2?: readonly string[]
  readonly rtmr3?: readonly string[]
  readonly mrSeam?: readonly string[]
  readonly mrOwner?: readonly string[]
  readonly mrOwnerConfig?: readonly string[]
  /** Accepted service TDs (migration, say). A TD with another one, or with any when this is absent, is rejected. */
  readonly mrServiceTd?: readonly string[]
  /** Accept TDs in which the host may inject #VE on private pages: those under a paravisor (Azure, OpenHCL), which handles them. */
  readonly allowSeptVeDisableOff?: boolean
  /** Highest XFAM accepted: no bit may be set that is not set here. 8 bytes, in report order. */
  readonly allowedXfam?: string
  readonly tdAttributes?: TdAttributeWishes
  /** Lowest TEE_TCB_SVN accepted, byte by byte. 16 bytes. */
  readonly minTeeTcbSvn?: string
}

const TD_ATTRIBUTE_KINDS: FieldKinds<TdAttributeWishes> = {
  debug: booleanField,
  hgsPlusProf: booleanField,
  perfProf: booleanField,
  pmtProf: booleanField,
  icssd: booleanField,
  lass: booleanField,
  septVeDisable: booleanField,
  migratable: booleanField,
  pks: booleanField,
  kl: booleanField,
  tpa: booleanField,
  perfmon: booleanField,
}

const {
  signer: _signer,
  minSvn: _minSvn,
  ...COMMON
}: ReturnType<typeof commonFields> = commonFields({ measurement: 48, signer: 48, hostData: 48 })

const KINDS: FieldKinds<TdxExpectations> = {
  ...COMMON,
  ...DCAP_FIELDS,
  rtmr0: listOf(hexField(48)),
  rtmr1: listOf(hexField(48)),
  rtmr2: listOf(hexField(48)),
  rtmr3: listOf(hexField(48)),
  mrSeam: listOf(hexField(48)),
  mrOwner: listOf(hexField(48)),
  mrOwnerConfig: listOf(hexField(48)),
  mrServiceTd: listOf(hexField(48)),
  allowSeptVeDisableOff: booleanField,
  allowedXfam: hexField(8),
  tdAttributes: objectField(TD_ATTRIBUTE_KINDS),
  minTeeTcbSvn: hexField(16),
}

/** Checks expectations of a TD. @throws TypeError that names the field */
export function readTdxExpectations(input: TdxExpectations = {}): TdxExpectations {
  return readExpectations(input, KINDS)
}
