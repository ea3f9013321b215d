import type { KeyObject } from 'node:crypto'
import type { Log } from '../log/log.ts'
import type { Database } from '../storage/sql.ts'
import type { Vault } from '../vault/vault.ts'
import type { Verifier } from '../verifier/model.ts'

/**
 * How long what nothing rests on is kept. Decisions, the log, and the evidence of releases, renewals and revocations are
 * kept for good.
 */
export interface Retention {
  /** Days that evidence and verdict of an attestation are kept that was refused, or that nothing was released on. Default 30. */
  readonly refusedDays?: number
  /** Bytes that are kept of refused ones; of more, the oldest go first. Default 256 MiB. */
  readonly refusedBytes?: number
  /** Days that events can be read again. Default 30. */
  readonly eventDays?: number
}

/** What is kept of refused attestations. */
export interface Kept {
  /** Bytes of evidence, endorsements and verdicts, with what their rows take, about. */
  readonly refusedBytes: number
  /** When the oldest of it came; absent when there is nothing. */
  readonly oldestRefused?: Date
  readonly limits: Required<Retention>
}

/** Bounds. */
export interface BrokerLimits {
  /** Seconds that a nonce lives. Default 300, as KBS servers have it. */
  readonly sessionSeconds?: number
  /** Seconds that an attestation result lives. Default 300. */
  readonly tokenSeconds?: number
  /** Bytes of evidence, with everything beside it. Default 2 MiB. */
  readonly maxEvidence?: number
}

/** What a broker is made of. */
export interface BrokerOptions {
  readonly db: Database
  readonly vault: Vault
  readonly log: Log
  readonly verifier: Verifier
  /** Makes sessions and nonces: a secret key of 32 bytes, the same for all processes of the database. */
  readonly sessionKey: KeyObject
  /** `iss` of attestation results: the URL under which their keys are found. */
  readonly issuer: string
  /** Refuses emulated roots, at start, whatever else is said. */
  readonly production: boolean
  /** Default 3600. */
  readonly leaseSeconds?: number
  readonly limits?: BrokerLimits
  readonly retention?: Retention
  /** `ear.verifier-id`. */
  readonly verifierId?: { readonly developer: string; readonly build: string }
}
