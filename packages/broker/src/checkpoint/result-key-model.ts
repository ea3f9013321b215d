import type { Signer } from '@sekisho/appraisal'
import type { ResultKeyRow } from '../vault/result-key-rows.ts'
import type { Acting } from './admin-model.ts'

/** A key set as `/.well-known/jwks.json` shows it. */
export interface KeySet {
  readonly keys: readonly Signer['jwk'][]
}

/** A key that signs attestation results, as administrators see it. */
export interface ResultKey {
  /** Thumbprint of the key (RFC 7638), base64url: the `kid` of results. */
  readonly kid: string
  readonly state: ResultKeyRow['state']
  readonly created: Date
  /** When it began to sign. */
  readonly activated?: Date
  readonly retired?: Date
  /** Up to when results of a retired key are accepted. */
  readonly acceptedUntil?: Date
  readonly revoked?: Date
}

/** What became of the keys. */
export interface ResultKeyChange {
  /** The key that signs now. */
  readonly current: string
  /** The key that will sign next, published already. */
  readonly next: string
}

/** What administrators do with the keys that sign attestation results. Each act is an entry of the log. */
export interface ResultKeyAdmin {
  /** The key that signs, the next one, then the others, the newest first; at most 100. */
  list(): Promise<readonly ResultKey[]>
  /**
   * Lets the next key sign, and publishes another next one. Results of the former are accepted until the last has ended.
   *
   * @param by `early`: also when relying parties may not have seen the next key yet
   * @throws BrokerError `conflict`
   */
  rotate(by: Acting & { readonly early?: boolean }): Promise<ResultKeyChange & { readonly retired: string }>
  /**
   * Refuses results of a key from now on, in all processes, and ends the leases that were granted on them; whether
   * the key signs, will sign or has signed, and even if this process ends meanwhile.
   *
   * @throws BrokerError `not-found`; `conflict` for one that was revoked before
   */
  revoke(kid: string, by: Acting): Promise<ResultKeyChange & { readonly leases: number }>
}
