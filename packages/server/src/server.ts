import { lineLog } from './http/access-log.ts'
import { HttpError } from './http/errors.ts'
import { createFront, problems } from './http/front.ts'
import { httpMetrics } from './http/http-metrics.ts'
import { listen, type TlsOptions } from './http/listen.ts'
import { createMetrics } from './http/metrics.ts'
import { rateLimiter } from './http/rate-limit.ts'
import { text } from './http/reply.ts'
import { kbsErrorReply } from './kbs/errors.ts'
import { isKbsPath, kbsFace } from './kbs/face.ts'
import { DEFAULT_LIMITS, type ServerLimits } from './limits.ts'
import type { Broker } from './ports.ts'

/** What a server is made of. */
export interface ServerOptions {
  readonly broker: Broker
  /** Resolves when the database answers. */
  readonly ready: () => Promise<unknown>
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Default 8080; 0 takes a free one. */
  readonly port?: number
  readonly tls?: TlsOptions
  readonly limits?: Partial<ServerLimits>
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[]
  /** Takes the log lines; default standard error. */
  readonly log?: (text: string) => void
  /** The clock; default the system's. */
  readonly now?: () => Date
}

/** A server that listens. */
export interface RunningServer {
  readonly url: string
  /** Stops taking requests, lets those under way finish, and cuts what is left after `limits.drain`. */
  close(): Promise<void>
}

/** Listens and serves. Rejects when the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const limits: ServerLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const metrics = createMetrics()
  const http = httpMetrics(metrics)
  const log = lineLog(options.log ?? ((lines) => process.stderr.write(lines)))
  const front = createFront({
    log,
    metrics: http,
    perAddress: rateLimiter(limits.perAddress),
    trustedProxies: options.trustedProxies ?? [],
    tls: options.tls !== undefined,
    now: options.now ?? ((): Date => new Date()),
    errorsOf: (path) => (isKbsPath(path) ? kbsErrorReply : problems),
  })
  front.on('GET', '/healthz', () => text(200, 'ok\n'))
  front.on('GET', '/readyz', async () => {
    await within(READY_TIME, options.ready())
    return text(200, 'ready\n')
  })
  front.on('GET', '/metrics', async () => text(200, await metrics.render(), { 'content-type': PROMETHEUS }))
  kbsFace(front, { broker: options.broker, bodyLimit: limits.kbsBody })
  const listening = await listen({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 8080,
    tls: options.tls,
    limits,
    listener: front.listener,
    onBroken: http.broken,
  })
  return {
    url: listening.url,
    close: async () => {
      front.drain()
      await listening.close(limits.drain)
      log.flush()
    },
  }
}

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'
const READY_TIME = 2000

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), milliseconds)
  })
  try {
    await Promise.race([work, late])
  } catch (cause) {
    throw new HttpError(503, 'not-ready', 'the database does not answer', { cause, headers: { 'retry-after': '5' } })
  } finally {
    clearTimeout(timer)
  }
}
