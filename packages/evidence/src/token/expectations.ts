import {
  booleanField,
  type FieldKind,
  type FieldKinds,
  hexField,
  integerField,
  listOf,
  objectField,
  readExpectations,
  textField,
} from '../core/expectations.ts'
import type { Json } from '../core/json.ts'
import type { CommonExpectations } from '../core/options.ts'
import { DRIVER_VERSION, VBIOS_VERSION } from '../core/versions.ts'
import { CLAIMS_FIELD } from './expected-claims.ts'

/**
 * What a relying party may expect of a token. `measurement` is what the service measured: MRENCLAVE, MRTD, the SNP
 * measurement in hex, or the image digest of a container (`sha256:…` without that prefix).
 */
export interface TokenExpectations
  extends Pick<
    CommonExpectations,
    'measurement' | 'signer' | 'reportData' | 'hostData' | 'allowDebug' | 'allowEmulated'
  > {
  /** Whoever the token must be made for: its `aud` must name one of these. */
  readonly audience?: readonly string[]
  /** The text that the token must carry as its nonce. */
  readonly nonce?: string
  /** Azure, Intel: product id of an SGX enclave (ISVPRODID). */
  readonly isvProdId?: number
  /** Statuses of the platform's TCB that are accepted; `UpToDate` alone unless said. */
  readonly tcbStatuses?: readonly string[]
  /** TDX: accepted values of the registers that what booted has extended. */
  readonly rtmr0?: readonly string[]
  readonly rtmr1?: readonly string[]
  readonly rtmr2?: readonly string[]
  readonly rtmr3?: readonly string[]
  /** Intel Trust Authority: ids of policies that must have matched. */
  readonly policies?: readonly string[]
  /** Azure, SEV-SNP: lowest security versions of its parts. */
  readonly minTcb?: { readonly [part in 'bootloader' | 'tee' | 'snp' | 'microcode']?: number }
  /** Azure: what the service must say of secure boot. EAT: `oemboot`. */
  readonly secureBoot?: boolean
  /** Azure: accepted policies of the service, by hash in base64url as in `x-ms-policy-hash`. */
  readonly policyHashes?: readonly string[]
  /** EAR: names of the appraisals that must be there. */
  readonly appraisals?: readonly string[]
  /** EAR: ids of the policies by which the verifier may have appraised. Each appraisal must name one, and no other. */
  readonly appraisalPolicies?: readonly string[]
  /** Accepted profiles (`eat_profile`), URIs or object identifiers with dots. */
  readonly profiles?: readonly string[]
  /** EAT: accepted devices by their universal entity ids, hex. */
  readonly ueids?: readonly string[]
  /**
   * Values that claims must have, by name, or by JSON pointer (RFC 6901) where the name begins with `/`; compared as
   * canonical JSON. 1 to 64 of them.
   */
  readonly claims?: Readonly<Record<string, Json>>
  /** Accepted models: of each NVIDIA device, of the confidential machine as Google names it, or `hwmodel` of an EAT. */
  readonly hardwareModels?: readonly string[]
  /** NVIDIA: accepted versions of the driver of each GPU, or the lowest one. */
  readonly driverVersions?: readonly string[]
  readonly minDriverVersion?: string
  /** NVIDIA: the same for the VBIOS of each device. */
  readonly vbiosVersions?: readonly string[]
  readonly minVbiosVersion?: string
  /** Confidential Space: the container's command line, in full and in this order. */
  readonly containerArgs?: readonly string[]
  /** Confidential Space: the part of it that replaces the image's own, in full and in this order. */
  readonly commandOverride?: readonly string[]
  /** Confidential Space: all variables that were set for the container beside those of its image. */
  readonly environmentOverride?: Readonly<Record<string, string>>
  /** Confidential Space: attributes that its image must have, such as `STABLE`. */
  readonly supportAttributes?: readonly string[]
  /** Confidential Space: accepted Google Cloud projects. */
  readonly projectIds?: readonly string[]
}

// An argument may be empty.
const WORD: FieldKind<string> = {
  expected: 'text of up to 4096 characters',
  read: (value) => (typeof value === 'string' && value.length <= 4096 ? value : undefined),
}

const SVN: FieldKind<number> = integerField(0, 255)

const VARIABLES: FieldKind<Readonly<Record<string, string>>> = {
  expected: 'an object of texts by name, at most 1024',
  read: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const entries = Object.entries(value).filter((pair): pair is [string, string] => WORD.read(pair[1]) !== undefined)
    return entries.length === Object.keys(value).length && entries.length <= 1024
      ? Object.fromEntries(entries)
      : undefined
  },
}

const KINDS: FieldKinds<TokenExpectations> = {
  measurement: listOf(hexField(32, 64)),
  signer: listOf(hexField(32, 64)),
  reportData: hexField(1, 64),
  hostData: listOf(hexField(32, 64)),
  rtmr0: listOf(hexField(48)),
  rtmr1: listOf(hexField(48)),
  rtmr2: listOf(hexField(48)),
  rtmr3: listOf(hexField(48)),
  audience: listOf(textField(1024)),
  nonce: textField(1024),
  isvProdId: integerField(0, 0xffff),
  tcbStatuses: listOf(textField(64)),
  policies: listOf(textField(64)),
  minTcb: objectField({ bootloader: SVN, tee: SVN, snp: SVN, microcode: SVN }),
  secureBoot: booleanField,
  policyHashes: listOf(textField(64)),
  appraisals: listOf(textField(256)),
  appraisalPolicies: listOf(textField(1024)),
  profiles: listOf(textField(1024)),
  ueids: listOf(hexField(7, 33)),
  claims: CLAIMS_FIELD,
  hardwareModels: listOf(textField(64)),
  driverVersions: listOf(textField(64)),
  minDriverVersion: DRIVER_VERSION,
  vbiosVersions: listOf(textField(64)),
  minVbiosVersion: VBIOS_VERSION,
  containerArgs: listOf(WORD),
  commandOverride: listOf(WORD),
  environmentOverride: VARIABLES,
  supportAttributes: listOf(textField(64)),
  projectIds: listOf(textField(64)),
  allowDebug: booleanField,
  allowEmulated: booleanField,
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readTokenExpectations(input: unknown): TokenExpectations {
  return readExpectations<TokenExpectations>(input ?? {}, KINDS)
}
