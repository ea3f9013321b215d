import type { AccessTokens, Broker, Database, Log, Vault } from '@sekisho/broker'
import type { CollateralSource } from '@sekisho/collateral'
import { authenticator } from './access/authenticate.ts'
import { loadOidcLibrary, type OidcOptions, oidcVerifier } from './access/oidc.ts'
import { translate } from './broker-errors.ts'
import type { EmulatedPlatforms } from './emulated-platforms.ts'
import { lineLog } from './http/access-log.ts'
import { createFront, type Front, type Handler, problems } from './http/front.ts'
import { httpMetrics } from './http/http-metrics.ts'
import { listen, type TlsOptions } from './http/listen.ts'
import { createMetrics } from './http/metrics.ts'
import { rateLimiter } from './http/rate-limit.ts'
import { kbsErrorReply } from './kbs/errors.ts'
import { kbsFace } from './kbs/face.ts'
import { isKbsPath } from './kbs/paths.ts'
import { DEFAULT_LIMITS, type ServerLimits } from './limits.ts'
import { logFace } from './log-face.ts'
import { eventStreams } from './native/events.ts'
import type { NativeServices } from './native/services.ts'
import { operationsFace, type StaleFiles, stateGauges } from './operations.ts'
import { outcomeCounter } from './outcomes.ts'
import { plainFace, staticFace } from './static.ts'
import { wellKnownFace } from './well-known.ts'

/** What a server is made of. */
export interface ServerOptions {
  readonly broker: Broker
  readonly db: Database
  readonly vault: Vault
  readonly log: Log
  readonly tokens: AccessTokens
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Default 8080; 0 takes a free one. */
  readonly port?: number
  readonly tls?: TlsOptions
  /** Files that have changed to something that cannot be used, so that what is in use is older; for the metrics. */
  readonly stale?: StaleFiles
  /** An OpenID provider whose tokens open the API beside our own. */
  readonly oidc?: OidcOptions
  readonly limits?: Partial<ServerLimits>
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[]
  /** Asked for endorsements on behalf of the web page. */
  readonly source?: CollateralSource
  /** Emulated machines that sign for administrators; without them those routes answer 404. Never in production. */
  readonly emulated?: EmulatedPlatforms
  /** Folder of the web page, served at `/`. */
  readonly console?: string
  /** Of this program, as the OpenAPI document names it. */
  readonly version?: string
  /** Takes the log lines; default standard error. */
  readonly writeLog?: (text: string) => void
  /** The clock; default the system's. */
  readonly now?: () => Date
}

/** A server that listens. */
export interface RunningServer {
  readonly url: string
  /**
   * Shows another certificate to connections from now on; those that are open keep theirs.
   * @throws whatever OpenSSL says of what is none, and then nothing is changed; TypeError where there is no TLS
   */
  renewTls(tls: TlsOptions): void
  /** Stops taking requests, lets those under way finish, and cuts what is left after `limits.drain`. */
  close(): Promise<void>
}

/**
 * Listens and serves.
 *
 * @throws TypeError for options of the OpenID provider that are not allowed; whatever Node.js says of the OpenID library,
 *   where there is a provider and the library cannot be loaded, and the system when the address cannot be had
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const limits: ServerLimits = { ...DEFAULT_LIMITS, ...options.limits }
  if (options.oidc !== undefined) await loadOidcLibrary()
  const metrics = createMetrics()
  const http = httpMetrics(metrics)
  const log = lineLog(options.writeLog ?? ((lines) => process.stderr.write(lines)))
  const { broker, tokens } = options
  const front = createFront({
    log,
    metrics: http,
    perAddress: rateLimiter(limits.perAddress),
    bodyBytes: limits.bodyBytes,
    answerTimeout: limits.answerTimeout,
    maxHeaders: limits.maxHeaders,
    trustedProxies: options.trustedProxies ?? [],
    tls: options.tls !== undefined,
    now: options.now ?? ((): Date => new Date()),
    translate,
    errorsOf: (path) => (isKbsPath(path) ? kbsErrorReply : problems),
  })
  const auth = authenticator({
    tokens,
    oidc: options.oidc === undefined ? undefined : oidcVerifier(options.oidc),
    perToken: rateLimiter(limits.perToken),
    failures: rateLimiter(limits.failures),
    metrics: http,
  })
  const outcomes = outcomeCounter(metrics)
  const streams = eventStreams(limits)
  stateGauges(metrics, options, streams)
  operationsFace(front, metrics, options.db)
  kbsFace(front, { broker, auth, outcomes, bodyLimit: limits.kbsBody })
  wellKnownFace(front, broker)
  logFace(front, { log: options.log, auth })
  const secureCookies = options.tls !== undefined
  nativeApi(
    front,
    { ...options, source: options.source, auth, streams, outcomes, secureCookies },
    options.version ?? '0.0.0',
  )
  if (options.console === undefined) plainFace(front)
  else await staticFace(front, options.console)
  const listening = await listen({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 8080,
    tls: options.tls,
    limits,
    listener: front.listener,
    onBroken: http.broken,
  })
  const close = async (): Promise<void> => {
    front.drain()
    await listening.close(limits.drain)
    log.flush()
  }
  let closed: Promise<void> | undefined
  return {
    url: listening.url,
    renewTls: (tls) => listening.renewTls(tls),
    close() {
      closed ??= close()
      return closed
    },
  }
}

/** The native API is loaded by its first request, so that nobody who speaks KBS only waits for it. */
function nativeApi(front: Front, services: NativeServices, version: string): void {
  const open = async (): Promise<Handler> => (await import('./native/open.ts')).openNativeApi(services, version)
  let loaded: Promise<Handler> | undefined
  front.on('ALL', '/api/v1/*', async (call) => {
    loaded ??= open().catch((error: unknown) => {
      // A file that was away while packages were renewed is there for the next request.
      loaded = undefined
      throw error
    })
    return (await loaded)(call)
  })
}
