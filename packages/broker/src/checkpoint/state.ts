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
  /** Name of the TPM's attestation key that was enrolled when this was judged, hex. */
  readonly enrolledKey?: string
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

/** A session as it is stored. */
export interface Session {
  readonly id: string
  readonly namespace: string
  readonly protocol: Protocol
  readonly tee: string
  readonly nonce: string
  readonly expires: number
  /** `challenged`: its nonce waits for evidence. `attested`: it was answered well. `spent`: it was answered badly. */
  readonly state: 'challenged' | 'attested' | 'spent'
  readonly body: SessionBody
}
