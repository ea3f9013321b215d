import {
  booleanField,
  commonFields,
  type FieldKinds,
  hexField,
  integerField,
  listOf,
  objectField,
  readExpectations,
} from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'
import { DCAP_FIELDS, type DcapExpectations } from '../dcap/expectations.ts'
import type { SGX_ATTRIBUTES } from './report.ts'

/** Attributes that must be on (`true`) or off (`false`). */
export type SgxAttributeWishes = { readonly [K in keyof typeof SGX_ATTRIBUTES]?: boolean }

/**
 * What a relying party may expect of an enclave. `measurement` is MRENCLAVE, `signer` MRSIGNER (which
 * needs `isvProdId` and `minSvn` to say which enclave of that signer), `hostData` CONFIGID, `products` FMSPCs.
 */
export interface SgxExpectations extends DcapExpectations, Pick<CommonExpectations, 'signer' | 'minSvn'> {
  readonly isvProdId?: number
  readonly isvExtProdId?: readonly string[]
  readonly isvFamilyId?: readonly string[]
  /** Lowest CONFIGSVN accepted. */
  readonly minConfigSvn?: number
  readonly attributes?: SgxAttributeWishes
  /** False refuses enclaves that may derive provisioning keys, which identify the platform. */
  readonly allowProvisionKey?: boolean
}

const ATTRIBUTE_KINDS: FieldKinds<SgxAttributeWishes> = {
  init: booleanField,
  debug: booleanField,
  mode64bit: booleanField,
  provisionKey: booleanField,
  einitTokenKey: booleanField,
  cet: booleanField,
  kss: booleanField,
  aexNotify: booleanField,
}

const KINDS: FieldKinds<SgxExpectations> = {
  ...commonFields({ measurement: 32, signer: 32, hostData: 64 }),
  ...DCAP_FIELDS,
  minSvn: integerField(0, 0xffff),
  isvProdId: integerField(0, 0xffff),
  isvExtProdId: listOf(hexField(16)),
  isvFamilyId: listOf(hexField(16)),
  minConfigSvn: integerField(0, 0xffff),
  attributes: objectField(ATTRIBUTE_KINDS),
  allowProvisionKey: booleanField,
}

/** Checks expectations of an enclave. @throws TypeError that names the field */
export function readSgxExpectations(input: SgxExpectations = {}): SgxExpectations {
  return readExpectations(input, KINDS)
}
