import type { JsonObject } from '@sekisho/evidence/token'
import type { Tier, TrustVector } from '../model.ts'

/** One appraisal of an EAR. */
export interface EarSubmodule {
  readonly status: Tier
  readonly vector: TrustVector
  readonly policyIds: readonly string[]
  /** Every other claim of the appraisal, as it is in the token. */
  readonly claims: JsonObject
}

/** What an EAR says: the payload as it is signed, and the same read. */
export interface EarClaims {
  /** The claims set as JSON: what is signed. */
  readonly payload: JsonObject
  readonly profile: string
  readonly issuer?: string
  readonly issuedAt: Date
  readonly expiresAt?: Date
  readonly verifierId: { readonly developer: string; readonly build: string }
  readonly nonce?: string
  /** The worst of the submodules. */
  readonly status: Tier
  /** By name: `cpu0`, `gpu0`, … */
  readonly submodules: Readonly<Record<string, EarSubmodule>>
  /** The key that the evidence bound, where this package wrote the token or Trustee did. */
  readonly teeKey?: JsonWebKey
  /** Under an emulated root, or of sample evidence, which nobody signs: everything in it is for examples and tests. */
  readonly emulated: boolean
}
