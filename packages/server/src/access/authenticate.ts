import { AccessError, type AccessTokens, assertAccess, mayAccess, readGrant, type Scope } from '@sekisho/broker'
import { limitKey } from '../http/address.ts'
import type { Call } from '../http/call.ts'
import { HttpError } from '../http/errors.ts'
import { tooMany } from '../http/front.ts'
import type { HttpMetrics } from '../http/http-metrics.ts'
import type { RateLimiter } from '../http/rate-limit.ts'
import { bearer, optionalBearer, unauthorized } from './bearer.ts'
import { type OidcIdentity, OidcUnavailable, type OidcVerifier } from './oidc.ts'
import { pageSessionToken, SESSION_HEADER } from './page-session.ts'
import type { Principal } from './principal.ts'

/** What authentication stands on. */
export interface AuthOptions {
  readonly tokens: AccessTokens
  readonly oidc: OidcVerifier | undefined
  readonly perToken: RateLimiter
  /** Refused tokens of one address. */
  readonly failures: RateLimiter
  readonly metrics: HttpMetrics
}

/** Who sends requests, and whether they may. */
export interface Authenticator {
  /** Whom the bearer token, or the session of the web page, speaks for. @throws HttpError 401, 429, 503 */
  authenticate(call: Call): Promise<Principal>
  /** Whom a token speaks for; undefined when it is not believed. @throws HttpError 503 */
  believe(token: string, at: Date): Promise<Principal | undefined>
  /** The same, when they have `scope` in `namespace` (`*`: in all). @throws HttpError 401, 403, 429, 503 */
  authorize(call: Call, scope: Scope, namespace: string): Promise<Principal>
  /** Whether whom {@link authorize} let in may still: for answers that go on for long. @throws HttpError 503 */
  stillMay(call: Call, scope: Scope, namespace: string, at: Date): Promise<boolean>
  /** What `attempt` gives; where it gives nothing, and too often did for this address, that is told instead. @throws HttpError 429 */
  guess<T>(call: Call, attempt: () => Promise<T | undefined>): Promise<T | undefined>
}

/** Makes it. */
export function authenticator(o: AuthOptions): Authenticator {
  const guess = async <T>(call: Call, attempt: () => Promise<T | undefined>): Promise<T | undefined> => {
    // What is good is never refused for what others at the same address sent.
    const found = await attempt()
    if (found === undefined) refuseWhile(o.failures.take(limitKey(call.address)), 'failures', o.metrics)
    return found
  }
  const authenticate = async (call: Call): Promise<Principal> => {
    const token = tokenOf(call)
    const who = await guess(call, async () => (token === undefined ? undefined : principalOf(token, call.at, o)))
    if (who === undefined)
      throw unauthorized(
        call.header(SESSION_HEADER) === undefined ? 'this bearer token is not accepted' : 'the session is over',
      )
    call.facts.actor = who.actor
    refuseWhile(o.perToken.take(who.actor), 'token', o.metrics)
    return who
  }
  return {
    authenticate,
    believe: (token, at) => principalOf(token, at, o),
    guess,
    async stillMay(call, scope, namespace, at) {
      const token = tokenOf(call)
      const who = token === undefined ? undefined : await principalOf(token, at, o)
      return who !== undefined && mayAccess(who, namespace, scope)
    },
    async authorize(call, scope, namespace) {
      const who = await authenticate(call)
      try {
        assertAccess(who, namespace, scope)
      } catch (error) {
        if (error instanceof AccessError) throw new HttpError(403, 'forbidden', error.message)
        throw error
      }
      return who
    },
  }
}

/** A bearer token goes first; undefined for a session whose halves do not fit. @throws HttpError 401 when there is neither */
function tokenOf(call: Call): string | undefined {
  const sent = optionalBearer(call)
  if (sent !== undefined) return sent
  return call.header(SESSION_HEADER) === undefined ? bearer(call) : pageSessionToken(call)
}

function refuseWhile(seconds: number | undefined, by: 'failures' | 'token', metrics: HttpMetrics): void {
  if (seconds === undefined) return
  metrics.limited(by)
  throw tooMany(seconds)
}

/** Three parts with dots between are a JWT; API tokens have no dot. */
async function principalOf(token: string, at: Date, { tokens, oidc }: AuthOptions): Promise<Principal | undefined> {
  if (!token.includes('.')) return tokens.check(token, at)
  if (oidc === undefined) return undefined
  try {
    const identity = await oidc.check(token, at)
    return identity === undefined ? undefined : granted(identity)
  } catch (error) {
    if (!(error instanceof OidcUnavailable)) throw error
    throw new HttpError(503, 'oidc-unavailable', 'the OpenID provider cannot be asked now', {
      cause: error.cause,
      headers: { 'retry-after': '5' },
    })
  }
}

function granted({ subject, grants }: OidcIdentity): Principal {
  return { actor: `oidc:${subject}`, grants: grants.map(({ namespace, scopes }) => readGrant(namespace, scopes)) }
}
