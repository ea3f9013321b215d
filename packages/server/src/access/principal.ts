import type { Access } from '@sekisho/broker'

/** Whoever sent a request, as far as its bearer token tells, and what that one may do. */
export type Principal = Access

/** A request without a token: may do nothing. */
export const NOBODY: Principal = { actor: '', grants: [] }
