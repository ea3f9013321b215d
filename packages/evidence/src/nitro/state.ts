import type { TrustAnchor } from '../core/verdict.ts'
import type { SignatureJob } from '../crypto/jobs.ts'
import type { NitroChain } from './certificates.ts'
import type { NitroDocument } from './document.ts'
import type { NitroExpectations } from './expectations.ts'

/** Everything that the steps of a verification read. */
export interface NitroState {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly document: NitroDocument
  readonly chain: NitroChain
  /** Whether the root is one of AWS's published certificates, byte for byte. */
  readonly rootIsPublished: boolean
  /** The anchor that the root's key is; undefined when it is none. */
  readonly anchor: TrustAnchor | undefined
  /** The document's own signature; undefined when it cannot verify under any circumstances. */
  readonly signature: SignatureJob | undefined
  /** Registers as lower-case hex, by number: written once. */
  readonly pcrs: ReadonlyMap<number, string>
  /** Lower-case hex of what the workload put in; null and undefined as in the document. */
  readonly userData: string | null | undefined
  readonly nonce: string | null | undefined
  readonly publicKey: string | null | undefined
  readonly debug: boolean
  readonly expect: NitroExpectations
}
