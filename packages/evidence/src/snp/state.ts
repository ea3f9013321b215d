import type { TrustAnchor } from '../core/verdict.ts'
import type { SignatureJob } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { SnpKeyInfo } from './bits.ts'
import type { LeafRole } from './certificates.ts'
import type { ChainJobs, Leaf, Part, SnpParts } from './collateral.ts'
import type { SnpExpectations } from './expectations.ts'
import type { SnpProduct, TcbLayout } from './products.ts'
import type { SnpReport } from './report.ts'

/** An endorsement chain on the table, with its cryptography settled. */
export interface ChainState {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Key that the report says signed it; without a report, the role of the leaf that was given. */
  readonly role: LeafRole
  /** Where the leaf could be had, if anywhere. */
  readonly leafSource: () => string | undefined
  readonly parts: SnpParts
  readonly leaf: Part<Leaf>
  readonly intermediate: Part<Certificate>
  readonly jobs: ChainJobs
  /** The anchor that the ARK's key is; undefined when it is none. */
  readonly anchor: TrustAnchor | undefined
}

/** Fields of a report as lower-case hex. */
export type ReportHex = Readonly<
  Record<'measurement' | 'reportData' | 'hostData' | 'chipId' | 'idKeyDigest' | 'authorKeyDigest', string>
>

/** Everything that the steps of a verification read. */
export interface SnpState extends ChainState {
  readonly report: SnpReport
  /** Byte strings that checks and claims both show, as lower-case hex: written once. */
  readonly hex: ReportHex
  readonly keyInfo: SnpKeyInfo
  /** From CPUID; for version 2 from the certificate. Undefined when neither tells. */
  readonly product: SnpProduct | undefined
  readonly layout: TcbLayout
  /** Undefined when the signature cannot verify under any circumstances. */
  readonly signature: SignatureJob | undefined
  readonly expect: SnpExpectations
}
