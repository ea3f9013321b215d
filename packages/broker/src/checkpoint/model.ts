import type { JsonWebKey } from 'node:crypto'
import type { CollateralSource } from '@sekisho/collateral'
import type { Remedy, Tee, Verdict } from '@sekisho/evidence'
import type { TpmKeys } from '../enrolment/model.ts'
import type { Receipt } from '../log/log.ts'
import type { FlattenedJwe } from '../vault/vault.ts'
import type { Acting, BrokerAdmin, Reappraised } from './admin-model.ts'
import type { Kept } from './options.ts'
import type { RecordedEvidence, Reverified } from './recorded-model.ts'
import type { RefusalCode } from './refusal.ts'
import type { KeySet, ResultKeyAdmin } from './result-key-model.ts'

/** How sessions are spoken: the KBS protocol, whose clients ask again after errors, or the native API. */
export type Protocol = 'kbs' | 'native'

/** What a refused caller is told: a short code, and the id under which the owner finds the whole reason. */
export interface Refusal {
  readonly code: RefusalCode
  /** The decision; absent when there was nothing to attribute it to. */
  readonly id?: string
}

/** A nonce for one exchange. */
export interface Challenge {
  /** Opaque: at most 512 characters of base64url's alphabet. Whoever holds it is the session's owner. */
  readonly session: string
  /** 32 bytes that nobody could foretell, base64 with padding. */
  readonly nonce: string
  readonly expires: Date
  /** The hash by which the evidence binds nonce and key. */
  readonly hash: BindingHash
}

/** Hashes that bind evidence to a session. */
export type BindingHash = 'sha384' | 'sha512'

/** What a workload says beside its evidence; the evidence binds it. */
export interface RuntimeData {
  readonly nonce: string
  readonly 'tee-pubkey': JsonWebKey
}

/** Evidence for a session. */
export interface AttestRequest {
  /** As the challenge gave it. */
  readonly session: string
  /** A KBS `primary_evidence` object, another JSON form, or bytes. */
  readonly evidence: unknown
  /** The TEE that the caller names; refused when the evidence is of another. */
  readonly tee?: string
  /** KBS `additional_evidence`: empty, or JSON text of an object from TEE to evidence. */
  readonly additionalEvidence?: string
  readonly runtimeData: RuntimeData
  /** What the workload was launched with; its digest must be in the evidence's host data. */
  readonly initData?: { readonly format: string; readonly body: string }
  readonly eventLog?: Uint8Array
  readonly at: Date
  /** The namespace that the caller was reached through; refused when the session is of another. */
  readonly namespace?: string
}

/** What attesting gives: a signed result, or a refusal. */
export interface AttestOutcome {
  /** Attestation result (EAR), compact JWS. Absent when refused. */
  readonly token?: string
  readonly appraisal?: string
  readonly decision?: string
  /** Until when it can be used: the token's own end, of a KBS session that of the session, which attesting does not prolong. */
  readonly expires?: Date
  /** Whether the evidence is of an emulated platform; absent where an answer is given again. The token says it too. */
  readonly emulated?: boolean
  readonly refusal?: Refusal
}

/** Why nothing is released or renewed: a code, and the id under which the owner finds the whole reason, where one was recorded. */
export interface Refused {
  readonly code: RefusalCode
  readonly decision: string | undefined
  /** Whether the evidence that was shown is of an emulated platform; absent where none was looked at. */
  readonly emulated?: boolean
}

/** A request for a secret. */
export interface ReleaseRequest {
  readonly by: { readonly session: string } | { readonly token: string }
  readonly namespace: string
  /** `repository/type/tag`. */
  readonly resource: string
  readonly at: Date
}

/** A lease as its holder is given it. */
export interface GrantedLease {
  readonly id: string
  /** Shown once; whoever renews must show it. */
  readonly secret: string
  readonly expires: Date
}

/** What a request for a secret gives. */
export type ReleaseOutcome =
  | {
      readonly released: {
        readonly jwe: FlattenedJwe
        readonly version: number
        readonly contentType: string | undefined
      }
      readonly lease: GrantedLease
      readonly decision: string
      /** No hardware vouches for the workload. */
      readonly emulated: boolean
      readonly refused?: undefined
    }
  | {
      readonly refused: Refused
      readonly released?: undefined
    }

/** Fresh evidence for a lease. */
export interface RenewRequest extends Omit<AttestRequest, 'namespace'> {
  readonly lease: string
  readonly leaseSecret: string
}

/** What renewing gives. */
export type RenewOutcome =
  | {
      readonly renewed: { readonly lease: string; readonly expires: Date }
      readonly decision: string
      /** No hardware vouches for the workload. */
      readonly emulated: boolean
      readonly refused?: undefined
    }
  | {
      readonly refused: Refused
      readonly renewed?: undefined
    }

/** A lease as it stands. */
export interface LeaseState {
  readonly id: string
  readonly namespace: string
  readonly resource: string
  readonly state: 'live' | 'revoked' | 'expired'
  readonly created: Date
  readonly expires: Date
  readonly ended?: Date
  readonly endedReason?: string
  readonly appraisal: string
  /** Of the release. */
  readonly decision: string
  readonly tee: Tee
  readonly product?: string
  readonly hardwareId?: string
  /** The set of reference values that the workload met. */
  readonly referenceSet?: string
  /** No hardware vouches for the workload. */
  readonly emulated: boolean
}

/** Something that happened to a namespace, in order. */
export interface BrokerEvent {
  readonly seq: number
  readonly namespace: string
  readonly at: Date
  readonly kind: string
  readonly body: Readonly<Record<string, unknown>>
}

/** What a look gave that somebody asked for. */
export interface Rechecked extends Reappraised {
  /** Of those that stay live, the leases of platforms whose endorsements could not be had: they are as they were found before. */
  readonly unanswered: number
}

/** Why live leases are looked at again. */
export type Cause =
  | { readonly kind: 'policy'; readonly version: number }
  | { readonly kind: 'reference'; readonly name: string }
  | { readonly kind: 'advisory'; readonly id: string }
  | { readonly kind: 'collateral' }
  /** The server runs in production now, and emulated platforms are trusted no more. */
  | { readonly kind: 'production' }
  /** The operator gave other files of endorsements. */
  | { readonly kind: 'endorsements' }
  /** A TPM was revoked, by the name of one of its keys. */
  | { readonly kind: 'tpm-key'; readonly name: string }
  /** A key that signed attestation results was revoked. */
  | { readonly kind: 'result-key'; readonly kid: string }

/** A live lease that something concerns. */
export interface AffectedLease {
  readonly lease: string
  readonly resource: string
  readonly appraisal: string
  readonly tee: Tee
  readonly product?: string
  readonly hardwareId?: string
  readonly expires: Date
  readonly emulated: boolean
  /** It is not concerned yet: only the TCB level that its vendor has announced names the advisory. */
  readonly forecast?: true
}

/** What live leases would be judged by, without changing anything. */
export interface ForecastRequest {
  readonly namespace: string
  readonly at: Date
  /** Endorsements to come. */
  readonly source?: CollateralSource
  /** Intel: the early update channel. */
  readonly update?: 'early'
  /** AMD: lowest levels, by product and part, of the TCB to come. */
  readonly minTcb?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** A policy that is not active yet. */
  readonly policy?: string
  /** A reference set to come, in the place of the one of its name. */
  readonly putReference?: unknown
  /** The name of a reference set that is to go. */
  readonly removeReference?: string
}

/** What would become of live leases. */
export interface Forecast {
  readonly leases: number
  readonly fails: readonly (AffectedLease & { readonly code: RefusalCode; readonly reasons: readonly string[] })[]
  /** Products that levels were named for and that no live lease is on: misspelt, perhaps. */
  readonly unmatched: readonly string[]
}

/** What its owner is told of a decision. */
export interface Explained {
  readonly id: string
  readonly namespace: string
  readonly at: Date
  readonly kind: string
  readonly outcome: string
  readonly resource?: string
  readonly reasonCode?: string
  /** Plain sentences, the weightiest first. */
  readonly reasons: readonly string[]
  readonly remedies: readonly Remedy[]
  readonly body: Readonly<Record<string, unknown>>
  readonly verdict?: Verdict
  /** Why there is no verdict although there was one; it stands among the reasons too. */
  readonly notKept?: string
  readonly context?: unknown
  readonly appraisal?: string
  /** Version of the policy that was in force; absent where none was asked. */
  readonly policyVersion?: number
  readonly leafIndex?: number
}

/** Which decisions are wanted; those that fit all of it. */
export interface DecisionFilter {
  /** `attest`, `release`, `renew`, `revoke`, `admin`. */
  readonly kind?: string
  readonly outcome?: string
  readonly resource?: string
  /** A refusal's code, or what an administrator did. */
  readonly reason?: string
  /** As policies see it: `snp`, `tdx`, … */
  readonly tee?: string
  /** How the launch measurement begins, lower-case hex. */
  readonly workload?: string
  /** The release, renewals and end of this lease. */
  readonly lease?: string
}

/** Refusals by their reason. */
export interface Refusals {
  readonly groups: readonly {
    readonly reason: string
    readonly count: number
    /** Id of the newest one. */
    readonly latest: string
    readonly latestAt: Date
  }[]
  /** How many were looked at, the newest first. */
  readonly counted: number
  /** Whether there are older ones that were not. */
  readonly more: boolean
}

/** The checkpoint: evidence in, decisions recorded, secrets out encrypted to the key that the evidence binds. */
export interface Broker {
  challenge(o: {
    readonly namespace: string
    readonly protocol: Protocol
    readonly tee?: string
    readonly at: Date
  }): Promise<Challenge>
  /** One appraisal a session; a second call gives the first answer (KBS), or is refused (native). */
  attest(request: AttestRequest): Promise<AttestOutcome>
  release(request: ReleaseRequest): Promise<ReleaseOutcome>
  /** Fresh evidence of the same key, workload and machine prolongs a lease. A refusal leaves it to end when it ends. */
  renew(request: RenewRequest): Promise<RenewOutcome>
  /** A lease as it stands at `at`; with its secret, only for its holder. */
  leaseState(
    id: string,
    o: { readonly at: Date; readonly secret?: string; readonly namespace?: string },
  ): Promise<LeaseState | undefined>
  leases(
    namespace: string,
    o?: { readonly state?: LeaseState['state']; readonly after?: string; readonly limit?: number },
  ): Promise<readonly LeaseState[]>
  /** @returns false when there is no such live lease */
  revoke(namespace: string, lease: string, o: Acting & { readonly reason?: string }): Promise<boolean>
  /** Events behind `after`, then those to come, until the signal. */
  events(
    namespace: string,
    after: number,
    o?: { readonly signal?: AbortSignal; readonly lease?: string },
  ): AsyncIterable<BrokerEvent>
  reappraiseAll(namespace: string, cause: Cause, at: Date): Promise<Reappraised>
  /**
   * Has the vendors asked anew and every live lease of a namespace judged by what they say now; the act is in the log. Of a
   * namespace that is not there nothing is looked at, and nothing is recorded.
   */
  recheck(namespace: string, by: Acting): Promise<Rechecked>
  /**
   * Says which files of endorsements the operator gives, by a digest of their contents. Where they are others than the last,
   * live leases that rest on such files are looked at again in all namespaces, and results end that were judged by others.
   *
   * @param again look in any case: what was under way when the files changed is answered by now
   * @returns undefined when nothing was looked at
   */
  endorsedBy(sha256: string, at: Date, again?: boolean): Promise<Reappraised | undefined>
  forecast(request: ForecastRequest): Promise<Forecast>
  /** Live leases that an advisory concerns, and those that it will: of these Intel's early update channel tells. */
  affectedBy(namespace: string, advisory: string, at: Date): Promise<readonly AffectedLease[]>
  /** The whole reason of a decision, for the namespace's owner. */
  why(namespace: string, decision: string): Promise<Explained | undefined>
  decisions(
    namespace: string,
    o?: DecisionFilter & { readonly after?: string; readonly limit?: number },
  ): Promise<readonly Explained[]>
  /** Refusals counted by reason: of the newest 10,000. */
  refusals(namespace: string, filter?: Omit<DecisionFilter, 'outcome' | 'reason'>): Promise<Refusals>
  receipt(namespace: string, decision: string): Promise<Receipt | undefined>
  /** Verifies a decision again as of its time, on the bytes that are kept. Changes nothing, and asks nobody. */
  reverify(namespace: string, decision: string): Promise<Reverified | undefined>
  /** The bytes that a decision rests on, with what they were judged by: to verify it elsewhere. */
  recordedEvidence(namespace: string, decision: string): Promise<RecordedEvidence | undefined>
  /**
   * Ends leases whose time is over, resumes what a stopped process left, and forgets what is not kept for good: sessions
   * (`swept`, with enrolments), refused attestations and events (`pruned`), a bounded number at a time. The caller drives it.
   */
  tick(at: Date): Promise<{ readonly expired: number; readonly swept: number; readonly pruned: number }>
  /** What refused attestations take in the database, and what they may take. */
  kept(): Promise<Kept>
  readonly admin: BrokerAdmin
  readonly tpmKeys: TpmKeys
  /** Keys that sign attestation results. */
  readonly resultKeys: ResultKeyAdmin
  /**
   * The public keys of attestation results, as `/.well-known/jwks.json` shows them: of the key that signs, of the next one,
   * and of retired ones whose results are accepted at a time. As they were a second ago at most, while the database answers.
   */
  jwks(at: Date): Promise<KeySet>
  readonly issuer: string
}

/** Why an administrator's call was not done. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError'
  readonly code: 'not-found' | 'invalid' | 'conflict' | 'unsafe' | 'busy'

  constructor(code: BrokerError['code'], message: string) {
    super(message)
    this.code = code
  }
}
