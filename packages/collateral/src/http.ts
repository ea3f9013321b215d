import type { Agent } from 'node:http'
import { CollateralError } from './errors.ts'
import type { Response } from './exchange.ts'
import type { HttpLimits } from './options.ts'
import { allowed, type Origin } from './origins.ts'

/** What is asked, and how large an answer may be. */
export interface HttpRequest {
  readonly url: URL
  /** Asks with POST. Asking twice must be as good as asking once: it may be repeated. */
  readonly body?: Uint8Array
  /** Sent to the origin of `url` only. */
  readonly headers?: Readonly<Record<string, string>>
  readonly maxBytes: number
  /** Told before each wait, in milliseconds. */
  readonly onWait?: (ms: number) => void
}

/** Asks for one answer with status 200, or throws a CollateralError. */
export interface HttpClient {
  ask(request: HttpRequest): Promise<Response>
}

/** What the client borrows from outside. */
export interface HttpSurroundings {
  readonly origins: readonly Origin[]
  readonly limits: HttpLimits
  readonly signal: AbortSignal | undefined
  readonly now: () => Date
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly random: () => number
}

const MAX_REDIRECTS = 3
const DAY_MS = 86_400_000
const MAX_SECONDS = 1_000_000_000
const FIRST_WAIT_MS = 500
const RETRIED: readonly string[] = ['unreachable', 'throttled']

/**
 * An HTTP client that can only reach `origins`. Redirects are followed within one origin, three times at
 * most. Broken connections, 429 and 5xx are tried again, after what `Retry-After` asks or a growing wait
 * with jitter, whichever is longer.
 */
export function httpClient(around: HttpSurroundings): HttpClient {
  const { attempts = 4, maxWaitMs = 30_000 } = around.limits
  const agents = new Map<string, Agent>()
  const rests = restsOfServices(around.now)
  return {
    async ask(request: HttpRequest): Promise<Response> {
      for (let attempt = 1; ; attempt++) {
        rests.respect(request.url)
        try {
          return await follow(request, around, agents)
        } catch (error) {
          if (!(error instanceof CollateralError) || !RETRIED.includes(error.code)) throw error
          if (attempt >= attempts) {
            rests.begin(request.url, error.retryAfterMs ?? 0)
            throw error
          }
          const backoff = FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + around.random() / 2)
          const wait = Math.ceil(Math.max(error.retryAfterMs ?? 0, Math.min(backoff, maxWaitMs)))
          // To come back earlier than asked is what gets a client banned: say when it may, and stop.
          if (wait > maxWaitMs) {
            rests.begin(request.url, wait)
            throw error
          }
          request.onWait?.(wait)
          await around.sleep(wait, around.signal)
        }
      }
    },
  }
}

interface Rests {
  /** @throws CollateralError `throttled` while the service of `url` wishes not to be asked */
  respect(url: URL): void
  begin(url: URL, ms: number): void
}

// Another question to a service that asked for a pause is as unwelcome as the same one again.
function restsOfServices(now: () => Date): Rests {
  const ends = new Map<string, number>()
  return {
    respect({ origin, host }) {
      const left = (ends.get(origin) ?? 0) - now().getTime()
      // More than was ever noted: the clock went back.
      if (left <= 0 || left > DAY_MS) return
      const text = `${host} asked to wait ${Math.ceil(left / 1000)} s more, and is not asked before`
      throw new CollateralError('throttled', text, { host, retryAfterMs: left })
    },
    begin: ({ origin }, ms) => void ends.set(origin, now().getTime() + Math.min(ms, DAY_MS)),
  }
}

async function follow(request: HttpRequest, around: HttpSurroundings, agents: Map<string, Agent>): Promise<Response> {
  let { url } = request
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await once(url, request, around, agents)
    if (response.status === 200) return response
    const target = redirectOf(url, response, request.body === undefined ? REDIRECTS : KEEPING_METHOD)
    if (target === undefined) throw refusal(url, response, around.now().getTime())
    if (target.origin !== url.origin) {
      throw new CollateralError('host-not-allowed', `${url.host} redirects to another host`, { host: url.host })
    }
    url = target
  }
  throw new CollateralError('bad-answer', `more than ${MAX_REDIRECTS} redirects: ${url.host}`, { host: url.host })
}

async function once(
  url: URL,
  request: HttpRequest,
  around: HttpSurroundings,
  agents: Map<string, Agent>,
): Promise<Response> {
  const origin = allowed(url, around.origins)
  if (around.signal?.aborted === true) {
    throw new CollateralError('aborted', `ended by the caller: ${url.host}`, { host: url.host })
  }
  // Node's HTTP and TLS take longer to load than a verification takes: not before something is to be fetched.
  const { connections, exchange } = await import('./exchange.ts')
  const { timeoutMs = 20_000, idleMs = 8_000 } = around.limits
  const agent = agents.get(origin.origin) ?? connections(origin, idleMs)
  agents.set(origin.origin, agent)
  // Without `identity`, whatever stands between may compress: RFC 9110, section 12.5.3.
  const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'sekisho', ...request.headers }
  const { body, maxBytes } = request
  return exchange({ url, headers, body, agent, maxBytes, timeoutMs, idleMs, signal: around.signal })
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]
// The others would have a POST become a GET: RFC 9110, section 15.4.
const KEEPING_METHOD: readonly number[] = [307, 308]

function redirectOf(url: URL, { status, headers }: Response, followed: readonly number[]): URL | undefined {
  if (!followed.includes(status)) return undefined
  const { location } = headers
  if (location === undefined || !URL.canParse(location, url.href)) {
    throw new CollateralError('bad-answer', `a redirect to nowhere: ${url.host}`, { host: url.host })
  }
  return new URL(location, url)
}

function refusal(url: URL, { status, headers }: Response, now: number): CollateralError {
  const { host } = url
  const text = `HTTP ${status}${vendorCode(headers['error-code'])} from ${host}`
  if (status === 404 || status === 410)
    return new CollateralError('not-found', `${text}: it has no such collateral`, { host })
  if (status === 401 || status === 403) {
    return new CollateralError('refused', `${text}: it asks for a subscription key or does not accept the one given`, {
      host,
    })
  }
  if (status === 429 || status === 503) {
    const retryAfterMs = readRetryAfter(headers['retry-after'], now)
    if (retryAfterMs === undefined) return new CollateralError('throttled', `${text}: too many requests`, { host })
    const seconds = Math.ceil(retryAfterMs / 1000)
    return new CollateralError('throttled', `${text}: asked to wait ${seconds} s`, { host, retryAfterMs })
  }
  return new CollateralError(status >= 500 ? 'unreachable' : 'refused', text, { host })
}

// Intel's services name the fault in a header: shown only when it looks like such a name.
function vendorCode(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' && /^[\w.-]{1,48}$/.test(header) ? ` (${header})` : ''
}

/**
 * Milliseconds that a `Retry-After` header asks to wait: seconds or an HTTP date.
 * @returns undefined when there is no such header, or it is neither
 * @see RFC 9110, section 10.2.3
 */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  // However large a number is, it is no leave to come back at once.
  if (/^\d+$/.test(header)) return Math.min(Number(header), MAX_SECONDS) * 1000
  if (!/^[A-Z][a-z]{2,8},? .{10,40}$/.test(header)) return undefined
  // The form of C's asctime, which senders may still use, names no time zone and means UTC.
  const date = Date.parse(header.endsWith(' GMT') ? header : `${header} GMT`)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
