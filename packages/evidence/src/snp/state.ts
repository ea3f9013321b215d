import type { EvidenceError } from '../core/errors.ts'
import type { Part } from '../core/part.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import type { SignatureJob } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { SnpKeyInfo, SnpPlatformInfo, SnpPolicy } from './bits.ts'
import type { LeafExtensions, LeafRole } from './certificates.ts'
import type { SnpParts } from './collateral.ts'
import type { SnpExpectations } from './expectations.ts'
import type { SnpProduct, TcbLayout } from './products.ts'
import type { SnpReport } from './report.ts'

/** One certificate of the chain: absent (neither certificate nor error), read, or not readable. */
export interface Link {
  /** `VCEK`, `VLEK`, `ASK`, `ASVK` or `ARK`. */
  readonly name: string
  readonly certificate: Certificate | undefined
  readonly error: EvidenceError | undefined
  /** Undefined when the signature cannot verify under any circumstances. */
  readonly signature: SignatureJob | undefined
}

/** An endorsement chain on the table, with its cryptography settled. */
export interface ChainState {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Key that the report says signed it; without a report, the role of the leaf that was given. */
  readonly role: LeafRole
  readonly parts: SnpParts
  /** Leaf, its issuer, root. */
  readonly links: readonly [Link, Link, Link]
  readonly extensions: Part<LeafExtensions>
  readonly crlSignature: SignatureJob | undefined
  /** The anchor that the ARK's key is; undefined when it is none. */
  readonly anchor: TrustAnchor | undefined
  /** Whether emulated roots are trusted too. */
  readonly mayBeEmulated: boolean
  /** Absent when a chain is judged alone. */
  readonly report?: SnpReport
  /** From CPUID; for version 2 from the certificate. Undefined when neither tells. */
  readonly product?: SnpProduct | undefined
}

/** Byte strings of a report that checks and claims show. */
export const HEX_NAMES = [
  'measurement',
  'reportData',
  'hostData',
  'chipId',
  'idKeyDigest',
  'authorKeyDigest',
  'familyId',
  'imageId',
  'reportId',
  'reportIdMa',
] as const
export type HexName = (typeof HEX_NAMES)[number]

/** Fields of a report as lower-case hex. */
export type ReportHex = Readonly<Record<HexName, string>>

/** Everything that the steps of a verification read. */
export interface SnpState extends ChainState {
  readonly report: SnpReport
  /** Byte strings that checks and claims both show, as lower-case hex: written once. */
  readonly hex: ReportHex
  readonly keyInfo: SnpKeyInfo
  /** Flags of the guest policy and of PLATFORM_INFO. */
  readonly policy: SnpPolicy
  readonly platformInfo: SnpPlatformInfo
  readonly layout: TcbLayout
  /** Undefined when the signature cannot verify under any circumstances. */
  readonly signature: SignatureJob | undefined
  readonly expect: SnpExpectations
  /** Whether it is the report of a whole boot, in evidence that shows by itself to be of now. */
  readonly ofBoot: boolean
}
