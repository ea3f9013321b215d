import type { TrustAnchor } from '../core/verdict.ts'
import type { DigestJob, SignatureJob } from '../crypto/jobs.ts'
import type { Chain, PckChain } from './certificates.ts'
import type { DcapCollateral } from './collateral.ts'
import type { DcapExpectations } from './expectations.ts'
import type { Part } from './part.ts'
import type { PckExtensions } from './pck.ts'
import type { Quote } from './quote.ts'
import type { TcbState, TdxSvns } from './tcb.ts'

/** What the parse and the settled cryptography have put on the table, for the steps to judge. */
export interface DcapState<B = unknown, E extends DcapExpectations = DcapExpectations> {
  readonly tee: 'sgx' | 'tdx'
  readonly quote: Quote<B>
  /** Milliseconds since 1970. */
  readonly at: number
  readonly expect: E
  /** Whether it is the quote of a whole boot, in evidence that shows by itself to be of now. */
  readonly ofBoot: boolean
  readonly collateral: DcapCollateral
  readonly pck: Part<PckChain>
  readonly extensions: PckExtensions | undefined
  /** The QE report under the PCK key; undefined when it cannot verify. */
  readonly qeSignature: SignatureJob | undefined
  /** SHA-256 over attestation key and QE authentication data. */
  readonly qeBinding: DigestJob
  readonly quoteSignature: SignatureJob | undefined
  readonly svns: TdxSvns | undefined
  /** Undefined when something to compute it from is missing or unreadable. */
  readonly tcb: TcbState | undefined
  /** The anchor whose key is that of the chain's root; undefined when none is. */
  anchorOf(chain: Chain): TrustAnchor | undefined
}
