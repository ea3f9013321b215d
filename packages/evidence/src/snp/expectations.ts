import {
  booleanField,
  commonFields,
  type FieldKind,
  type FieldKinds,
  hexField,
  integerField,
  listOf,
  objectField,
  readExpectations,
  textField,
  wordField,
} from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'
import { PLATFORM_BITS, POLICY_BITS, type SnpPlatformFlag, type SnpPolicyFlag } from './bits.ts'
import { type SnpTcb, TCB_PARTS, type TcbPart } from './products.ts'
import type { FirmwareVersion } from './report.ts'

/** What a relying party may expect of an SNP guest, beside what all evidence has in common. `signer` is the digest of the ID key or of the author key. */
export interface SnpExpectations extends CommonExpectations {
  /** Accepted VMPLs; without it 0 passes and any other is open. */
  readonly vmpl?: readonly number[]
  /** Lowest accepted levels, part by part, judged on COMMITTED_TCB and LAUNCH_TCB. */
  readonly minTcb?: SnpTcb
  /** Lowest accepted levels of REPORTED_TCB, which a host may set below the committed one, part by part. */
  readonly minReportedTcb?: SnpTcb
  /** Lowest accepted committed SEV firmware, `major.minor.build`. */
  readonly minFirmware?: string
  readonly idKeyDigest?: readonly string[]
  readonly authorKeyDigest?: readonly string[]
  readonly familyId?: readonly string[]
  readonly imageId?: readonly string[]
  /** Guest policy bits that must have this value, e.g. `{ smtAllowed: false }`. */
  readonly policy?: Readonly<Partial<Record<SnpPolicyFlag, boolean>>>
  /** PLATFORM_INFO bits that must have this value, e.g. `{ aliasCheckComplete: true }`. */
  readonly platformInfo?: Readonly<Partial<Record<SnpPlatformFlag, boolean>>>
  /** Whose key must have signed the report: the chip's own (`vcek`), or a cloud provider's (`vlek`). */
  readonly signingKey?: 'vcek' | 'vlek'
  /** Accepted cloud providers of a VLEK, as its cspID spells them. */
  readonly cspIds?: readonly string[]
  /** Bits that must be set in LAUNCH_MIT_VECTOR and CURRENT_MIT_VECTOR; hex, big-endian. */
  readonly minMitigationVector?: string
  /** Accept a guest that a migration agent may move and read. */
  readonly allowMigrationAgent?: boolean
  /** Accept a report that the host asked for: its report data are the host's. */
  readonly allowHostRequested?: boolean
  /** Refuse reports whose chip id is masked or absent. */
  readonly requireChipId?: boolean
  /** Refuse provisional firmware: current TCB or firmware version that is not the committed one, so that the host may still roll back. */
  readonly requireCommittedFirmware?: boolean
}

const firmwareField: FieldKind<string> = {
  expected: 'a firmware version such as 1.55.22',
  read: (value) => (typeof value === 'string' && /^\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(value) ? value : undefined),
}

const tcbField: FieldKind<SnpTcb> = objectField<Partial<Record<TcbPart, number>>>(each(TCB_PARTS, integerField(0, 255)))

const KINDS: FieldKinds<SnpExpectations> = {
  ...commonFields({ measurement: 48, signer: 48, hostData: 32 }),
  vmpl: listOf(integerField(0, 3)),
  minTcb: tcbField,
  minReportedTcb: tcbField,
  minFirmware: firmwareField,
  idKeyDigest: listOf(hexField(48)),
  authorKeyDigest: listOf(hexField(48)),
  familyId: listOf(hexField(16)),
  imageId: listOf(hexField(16)),
  policy: objectField<Partial<Record<SnpPolicyFlag, boolean>>>(each(namesOf(POLICY_BITS), booleanField)),
  platformInfo: objectField<Partial<Record<SnpPlatformFlag, boolean>>>(each(namesOf(PLATFORM_BITS), booleanField)),
  signingKey: wordField('vcek', 'vlek'),
  cspIds: listOf(textField(256)),
  minMitigationVector: hexField(1, 8),
  allowMigrationAgent: booleanField,
  allowHostRequested: booleanField,
  requireChipId: booleanField,
  requireCommittedFirmware: booleanField,
}

function each<K extends string, T>(names: readonly K[], kind: FieldKind<T>): Record<K, FieldKind<T>> {
  // Every name of the list gets its kind.
  return Object.fromEntries(names.map((name) => [name, kind])) as Record<K, FieldKind<T>>
}

function namesOf<K extends string>(bits: Readonly<Record<K, number>>): readonly K[] {
  // The tables are plain objects with these keys and no others.
  return Object.keys(bits) as K[]
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readSnpExpectations(input: unknown): SnpExpectations {
  return readExpectations<SnpExpectations>(input ?? {}, KINDS)
}

/** A firmware version of the text form that {@link readSnpExpectations} lets through. */
export function firmwareOf(text: string): FirmwareVersion {
  const [major = 0, minor = 0, build = 0] = text.split('.').map(Number)
  return { major, minor, build }
}
