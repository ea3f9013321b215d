import type { EvidenceError } from '../core/errors.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import type { CipherJob, DigestJob, HmacJob } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { ListSearch, Path } from './certificates.ts'
import type { SeExchange } from './exchange.ts'
import type { IbmSeExpectations } from './expectations.ts'
import type { SeHeader } from './header.ts'
import type { SeAdditionalData, SeRequest, SeRequestSecrets } from './request.ts'
import type { HostKeyDocument, X509Files } from './x509-files.ts'

/** What the evidence is: a response or request of an attestation, or a host key document alone. */
export type IbmSeEvidence =
  | { readonly kind: 'host-key'; readonly host: HostKeyDocument }
  | { readonly kind: 'request'; readonly request: SeRequest; readonly exchange: SeExchange | undefined }
  | { readonly kind: 'response'; readonly request: SeRequest; readonly exchange: SeExchange }

/** Everything that the steps of a verification read. */
export interface IbmSeState {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly evidence: IbmSeEvidence
  readonly files: X509Files
  /** Documents of the hosts that the request was made for, or the one that is the evidence. */
  readonly hosts: readonly HostKeyDocument[]
  /** Hashes of hosts in the request that no document is at hand for. */
  readonly strangers: readonly string[]
  readonly signing: readonly Certificate[]
  readonly path: Path
  /** Lists of the issuer of each certificate of the path, the root's own last. */
  readonly pathLists: readonly ListSearch[]
  readonly hostLists: ListSearch
  readonly anchor: TrustAnchor | undefined
  readonly header: SeHeader | undefined
  readonly headerError: EvidenceError | undefined
  readonly headerDigest: DigestJob | undefined
  /** Undefined when nobody gave the protection key. */
  readonly opened: CipherJob | undefined
  readonly secrets: SeRequestSecrets | undefined
  readonly additional: SeAdditionalData | undefined
  readonly additionalError: EvidenceError | undefined
  readonly measurement: HmacJob | undefined
  readonly expect: IbmSeExpectations
}
