import {
  booleanField,
  commonFields,
  type FieldKinds,
  hexField,
  listOf,
  readExpectations,
  textField,
  wordField,
} from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'
import { DRIVER_VERSION, VBIOS_VERSION } from '../core/versions.ts'
import type { NvidiaMode } from './opaque.ts'

/**
 * What a relying party may expect of a GPU or NVSwitch, beside what all evidence has in common. The nonce
 * is the 32 bytes that the requester sent; `reportData` stands for the same bytes. `measurement` is the
 * SHA-384 of the whole measurement record; manifests stand in for it. `products` are `HOPPER`,
 * `BLACKWELL`, `LS10`; `hardwareIds` are serial numbers of leaf certificates.
 */
export interface NvidiaExpectations extends CommonExpectations {
  /** Accepted driver versions, as reports spell them. */
  readonly driverVersions?: readonly string[]
  /** Lowest accepted driver version, numbers with dots. */
  readonly minDriverVersion?: string
  /** Accepted VBIOS versions. */
  readonly vbiosVersions?: readonly string[]
  /** Lowest accepted VBIOS version; hexadecimal numbers with dots. */
  readonly minVbiosVersion?: string
  /** Accepted modes; without them a device that belongs to a node is open when it is judged alone. */
  readonly modes?: readonly NvidiaMode[]
  /** Nonces of which each OCSP answer must carry one. */
  readonly ocspNonces?: readonly string[]
  /** Accept certificates whose revocation is a hold. */
  readonly allowCertificateHold?: boolean
}

const KINDS: FieldKinds<NvidiaExpectations> = {
  ...commonFields({ measurement: 48, signer: 48, hostData: 32 }),
  driverVersions: listOf(textField(64)),
  minDriverVersion: DRIVER_VERSION,
  vbiosVersions: listOf(textField(64)),
  minVbiosVersion: VBIOS_VERSION,
  modes: listOf(wordField<NvidiaMode>('single-gpu', 'multi-gpu', 'protected-pcie')),
  ocspNonces: listOf(hexField(1, 32)),
  allowCertificateHold: booleanField,
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readNvidiaExpectations(input: unknown): NvidiaExpectations {
  return readExpectations<NvidiaExpectations>(input ?? {}, KINDS)
}
