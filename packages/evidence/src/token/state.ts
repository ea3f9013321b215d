import type { TrustAnchor } from '../core/verdict.ts'
import type { DigestJob, PublicKey, SignatureJob } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import type { TokenChain } from './certificates.ts'
import type { TokenExpectations } from './expectations.ts'
import type { TrustedKey } from './keys.ts'
import type { Token } from './model.ts'
import type { TokenService } from './services.ts'
import type { Statement } from './statement-model.ts'

/** What is computed of one token beside the main one. */
export interface SubmoduleJobs {
  readonly name: string
  readonly token: Token
  /** SHA-256 of the token's text, which the main token names. */
  readonly digest: DigestJob
  /** Under the key of the main token; undefined when the token names another key or algorithm. */
  readonly signature: SignatureJob | undefined
}

/** One revocation list that the caller gave. */
export interface TokenList {
  readonly crl: Crl | undefined
  /** Why it cannot be read. */
  readonly fault: string | undefined
  /** The authority among the certificates whose list it is. */
  readonly issuer: Certificate | undefined
  /** Under that authority's key; undefined when it cannot verify. */
  readonly signature: SignatureJob | undefined
}

/** The lists that a caller gave, with the certificates of the token's key that they are about. */
export interface TokenRevocation {
  readonly chain: TokenChain | undefined
  readonly lists: readonly TokenList[]
}

/** Everything that the steps of a verification read. */
export interface TokenState {
  readonly token: Token
  readonly service: TokenService
  readonly statement: Statement
  /** The issuer that the keys belong to: the caller's, or the only one that this service has. */
  readonly issuer: string | undefined
  /** Keys of the caller; undefined when none were given. */
  readonly keys: readonly TrustedKey[] | undefined
  /** Why the caller's keys could not be read. */
  readonly keysFault: string | undefined
  /** The key of the set that the token names. */
  readonly named: TrustedKey | undefined
  /** Certificates in the token's header. */
  readonly shown: TokenChain | undefined
  /**
   * Certificates to be judged up to a root: the token's where no keys were given; else those of the key, or else the
   * token's, where the caller named roots and not the key itself.
   */
  readonly chain: TokenChain | undefined
  /** Lists that the caller gave. */
  readonly revocation: TokenRevocation
  /** The key that the signature is checked with. */
  readonly key: PublicKey | undefined
  /** Undefined when it cannot verify under any circumstances. */
  readonly signature: SignatureJob | undefined
  /** What the report data must be; undefined where no nonce is bound. */
  readonly binding: DigestJob | undefined
  /** The tokens beside it. */
  readonly submodules: readonly SubmoduleJobs[]
  readonly anchor: TrustAnchor | undefined
  /** Milliseconds since 1970. */
  readonly at: number
  readonly expect: TokenExpectations
}
