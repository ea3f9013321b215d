import { may, type Who } from '../../api/session.ts'

/** All that a token can be made for, besides `admin`, which is everything. */
export const SCOPES = [
  'secrets:read',
  'secrets:write',
  'policy:read',
  'policy:write',
  'references:read',
  'references:write',
  'decisions:read',
  'leases:read',
  'leases:write',
  'advisories:read',
  'advisories:write',
  'tokens:read',
  'tokens:write',
] as const

/** One of {@link SCOPES}, or `admin`. */
export type Scope = (typeof SCOPES)[number] | 'admin'

/** What the API tells of a token; never the token itself. */
export interface Token {
  readonly id: string
  /** `*` for all. */
  readonly namespace: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly created: string
  readonly expires?: string
  readonly lastUsed?: string
  readonly revoked?: string
}

/** How a token stands at a time. */
export function tokenStanding({ expires, revoked }: Token, now: number): 'live' | 'revoked' | 'expired' {
  if (revoked !== undefined) return 'revoked'
  return expires !== undefined && Date.parse(expires) <= now ? 'expired' : 'live'
}

/** Whether a token is the one that the reader is signed in with. */
export function isOwn({ id }: Token, { actor }: Who): boolean {
  return actor === `token:${id}`
}

/** Scopes that a reader has, and so can give to a token of a namespace (`*`: all). */
export function givable(who: Who, namespace: string): readonly Scope[] {
  return (['admin', ...SCOPES] as const).filter((scope) => may(who, namespace, scope))
}

/** Days that a token may be made for at once. */
export const LIVES: readonly number[] = [1, 7, 30, 90, 365]

/** The longest life of a token, as the checkpoint has it. */
export const MAX_DAYS = 732

const DAY_MS = 86_400_000

/** When a token ends that is made now for some days. */
export function endAfter(days: number, now: number): string {
  return new Date(now + days * DAY_MS).toISOString()
}

/** Whole days from now to the end of a day `YYYY-MM-DD` in the reader's zone; undefined for none that a token may have. */
export function daysUntil(day: string, now: number): number | undefined {
  const end = new Date(`${day}T23:59:59`).getTime()
  const days = Math.round((end - now) / DAY_MS)
  return Number.isNaN(days) || end <= now || days > MAX_DAYS ? undefined : Math.max(days, 1)
}

/** An attestation key of a TPM, as the API tells it. */
export interface TpmKey {
  readonly akName: string
  /** Which TPM: SHA-256 of its endorsement key, hex. */
  readonly ekSha256: string
  readonly enrolled: string
  readonly enrolledBy: string
  readonly revoked?: string
  readonly revokedBy?: string
}
