import type { JsonWebKey } from 'node:crypto'
import type { CompiledPolicies, PolicyContext, ReferenceSet } from '@sekisho/appraisal'
import type { Tee, Verdict } from '@sekisho/evidence'
import type { Expectations } from '../verifier/model.ts'
import type { Advisory } from './admin-model.ts'
import type { Protocol } from './model.ts'

/** What an appraisal rests on, beside its verdict: enough to judge again. */
export interface Grounds {
  readonly tee: Tee
  /** Digest of the evidence as it is stored. */
  readonly evidence: string
  readonly collateral: string
  readonly eventLog?: string
  /** Everything that was expected, binding included. */
  readonly expect: Expectations
  /** The reference set's part of it is replaced when judged again; the rest stays. */
  readonly bound: Expectations
  /** Name of the reference set that was met. */
  readonly reference?: string
  /** SHA-256 of that set as it was, hex. */
  readonly referenceSha256?: string
  /** What an exception of that set had to accept: the platform's status, and every advisory that it is open to. */
  readonly tcb?: PlatformState
  /** Name of the TPM's attestation key that was enrolled when this was judged, hex. */
  readonly enrolledKey?: string
  /** SHA-256 over the operator's files by which this was judged, hex; where such files vouch for the evidence. */
  readonly files?: string
}

/** How far behind its vendor's word a platform was when it was judged. */
export interface PlatformState {
  readonly status: string
  readonly advisories: readonly string[]
}

/** An appraisal as it is stored. It never changes, but for being revoked. */
export interface StoredAppraisal {
  readonly id: string
  readonly namespace: string
  readonly at: number
  readonly expires: number
  readonly session: string | undefined
  readonly verdict: string
  readonly outcome: Verdict['outcome']
  readonly authenticity: Verdict['authenticity']
  readonly emulated: boolean
  readonly status: string
  readonly context: PolicyContext
  readonly teeKey: JsonWebKey | undefined
  /** RFC 7638 thumbprint of the key, hex. */
  readonly holder: string | undefined
  /** The primary evidence first, then that of further devices. */
  readonly grounds: readonly Grounds[]
}

/** What a namespace is judged by. */
export interface Rules {
  /** Counts up with every change of them. */
  readonly epoch: number
  readonly policy: { readonly version: number; readonly compiled: CompiledPolicies } | undefined
  readonly references: readonly ReferenceSet[]
  readonly advisories: readonly Advisory[]
}

/** What became of a session's one exchange. */
export interface SessionBody {
  readonly appraisal?: string
  readonly decision?: string
  readonly token?: string
  readonly refusal?: string
}

/** A session, as it was opened. Its token carries all of it. */
export interface Session {
  /** 32 lower-case hex digits: how rows, decisions and logs name it. Shows nobody to be its owner. */
  readonly id: string
  /** What its owner holds. */
  readonly token: string
  readonly namespace: string
  readonly protocol: Protocol
  /** As the client spelled it; empty when it named none. */
  readonly tee: string
  /** Milliseconds since 1970. */
  readonly expires: number
  /** Which run of the clock it was opened in; see `sessions.ts`. */
  readonly era: number
}

/** What became of a session whose nonce is spent, as it is stored. */
export interface Spent {
  /** `attested`: it was answered well. `spent`: it was answered badly. */
  readonly state: 'attested' | 'spent'
  readonly body: SessionBody
}

/**
 * Up to when sessions are forgotten in the latest era: those of it, and of all eras before, that ended earlier.
 * An era ends when a clock was ahead, sessions were forgotten by it, and it is right again, or another process's is:
 * without a new era, nobody could attest until the time has come that it showed. Sessions of earlier eras that end later
 * are good still.
 */
export interface Forgotten {
  readonly era: number
  readonly time: number
}
