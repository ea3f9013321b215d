import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { LineLog } from './access-log.ts'
import { clientAddress, limitKey } from './address.ts'
import { type BodyBudget, releaseBody } from './body.ts'
import { type Call, openCall } from './call.ts'
import { deliver } from './deliver.ts'
import { HttpError, notFound } from './errors.ts'
import type { HttpMetrics } from './http-metrics.ts'
import { asHttpError, problemReply } from './problem.ts'
import type { RateLimiter } from './rate-limit.ts'
import type { Reply } from './reply.ts'

/** Answers one request. What it throws is turned into an answer by the face it belongs to. */
export type Handler = (call: Call) => Promise<Reply> | Reply

/** How a family of routes words its errors: RFC 9457, or ErrorInformation for KBS clients. */
export type ErrorWriter = (error: HttpError, call: Call) => Reply

/** What the front is made from. */
export interface FrontOptions {
  readonly log: LineLog
  readonly metrics: HttpMetrics
  readonly perAddress: RateLimiter
  /** Bytes of bodies that may be in memory at once. */
  readonly bodyBytes: number
  /** Milliseconds after which an answer is cut that its client takes nothing of. */
  readonly answerTimeout: number
  /** Headers that a request may have. */
  readonly maxHeaders: number
  readonly trustedProxies: readonly string[]
  readonly tls: boolean
  readonly now: () => Date
  /** Turns errors of what lies behind the handlers into HttpErrors, and leaves others. */
  readonly translate: (error: unknown) => unknown
  /** Chooses the error writer of a path that no route matched, or that was refused before routing. */
  readonly errorsOf: (path: string) => ErrorWriter
}

/** The one entrance: every request gets an id, a limit, an answer, a log line and its place in the metrics here. */
export interface Front {
  on(method: string, pattern: string, handler: Handler): void
  readonly listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void
  /** Ends event streams and stops keeping connections. */
  drain(): void
}

/** Makes the entrance. */
export function createFront(o: FrontOptions): Front {
  const app = new Hono<{ Bindings: HttpBindings }>()
  const calls = new WeakMap<IncomingMessage, Call>()
  const streams = new Set<AbortController>()
  let draining = false
  const budget: BodyBudget = { most: o.bodyBytes, used: 0 }

  const callOf = (incoming: IncomingMessage): Call => {
    const call = calls.get(incoming)
    if (call === undefined) throw new TypeError('a request came past the entrance')
    return call
  }
  const send = (outgoing: ServerResponse, reply: Reply, call: Call): Promise<void> =>
    deliver(outgoing, reply, { call, tls: o.tls, draining, timeout: o.answerTimeout })
  const fail = (outgoing: ServerResponse, thrown: unknown, call: Call): Promise<void> => {
    const error = asHttpError(o.translate(thrown))
    call.facts.code ??= error.code
    // 503 without a cause is a bound that held, and stands in the request's own line.
    if (error.status === 500 || (error.status > 500 && error.details.cause !== undefined)) {
      logFailure(o.log, error, call)
    }
    // Half of an answer is out: what is left is to say that it is not whole.
    if (outgoing.headersSent) {
      outgoing.destroy()
      return Promise.resolve()
    }
    return send(outgoing, o.errorsOf(call.path)(error, call), call)
  }

  const refuse = (outgoing: ServerResponse, error: HttpError, call: Call): void => {
    fail(outgoing, error, call).catch(() => outgoing.destroy())
  }

  app.notFound(async ({ env }) => {
    const call = callOf(env.incoming)
    await fail(
      env.outgoing,
      missing((method) => app.router.match(method, call.path)[0].length > 0),
      call,
    )
    return RESPONSE_ALREADY_SENT
  })
  app.onError(async (error, { env }) => {
    await fail(env.outgoing, error, callOf(env.incoming))
    return RESPONSE_ALREADY_SENT
  })
  const hono = getRequestListener(app.fetch, { overrideGlobalObjects: false, hostname: NAMELESS })

  return {
    on(method, pattern, handler) {
      app.on(method, pattern, async (c) => {
        const call = callOf(c.env.incoming)
        call.facts.route = pattern
        call.params = c.req.param()
        try {
          await send(c.env.outgoing, await handler(call), call)
        } catch (error) {
          await fail(c.env.outgoing, error, call)
        }
        return RESPONSE_ALREADY_SENT
      })
    },
    listener(incoming, outgoing) {
      const started = performance.now()
      let gone: AbortController | undefined
      const held = { budget, bytes: 0 }
      const call = openCall({
        incoming,
        address: clientAddress(incoming, o.trustedProxies),
        at: o.now(),
        held,
        signal: () => {
          gone ??= new AbortController()
          if (draining) gone.abort()
          else streams.add(gone)
          return gone.signal
        },
      })
      calls.set(incoming, call)
      let isWhole = false
      outgoing.once('finish', () => {
        // Node says so too of an answer whose rest was thrown away with its connection.
        isWhole = !incoming.socket.destroyed
      })
      outgoing.once('close', () => {
        releaseBody(held)
        if (gone !== undefined) {
          streams.delete(gone)
          gone.abort()
        }
        const seconds = (performance.now() - started) / 1000
        o.metrics.finished(call, outgoing.statusCode, seconds)
        logRequest(o.log, call, { status: outgoing.statusCode, seconds, isWhole })
      })
      const wait = o.perAddress.take(limitKey(call.address))
      if (wait !== undefined) {
        o.metrics.limited('address')
        refuse(outgoing, tooMany(wait), call)
      } else if (incoming.rawHeaders.length > 2 * o.maxHeaders) {
        refuse(outgoing, tooManyHeaders(o.maxHeaders), call)
      } else if (!SANE_TARGET.test(incoming.url ?? '')) {
        refuse(outgoing, new HttpError(400, 'invalid-request', 'the request target is not a path'), call)
      } else if (!SANE_HOST.test(hostOf(incoming)) || hosts(incoming) > 1) {
        refuse(
          outgoing,
          new HttpError(400, 'invalid-request', 'the Host header is not a host name, or there are several'),
          call,
        )
      } else void hono(incoming, outgoing)
    },
    drain() {
      draining = true
      for (const stream of streams) stream.abort()
    },
  }
}

const METHODS = ['GET', 'PUT', 'POST', 'DELETE'] as const

/** What is answered where no route is: 405 with `Allow` when the path answers to other methods, else 404. */
export function missing(answers: (method: string) => boolean): HttpError {
  const allowed = METHODS.filter(answers)
  if (allowed.length === 0) return notFound('there is nothing at this path')
  return new HttpError(405, 'method-not-allowed', `this path answers to ${allowed.join(', ')}`, {
    headers: { allow: allowed.join(', ') },
  })
}

/** 429 with the seconds to wait. */
export function tooMany(seconds: number): HttpError {
  return new HttpError(429, 'too-many-requests', `too many requests; try again in ${seconds} s`, {
    headers: { 'retry-after': String(seconds) },
  })
}

/** What stands behind the last one that is taken is not read: an `Authorization`, say, or what a proxy adds. */
function tooManyHeaders(most: number): HttpError {
  return new HttpError(431, 'headers-too-large', `a request may have at most ${most} headers`, {
    headers: { connection: 'close' },
  })
}

/** The error writer of the native face and of everything that has no other. */
export const problems: ErrorWriter = problemReply

// Absolute targets (`GET http://…`) are for proxies, and this is none.
const SANE_TARGET = /^\/[!-~]{0,8191}$/
const HOST = 'host'
const SANE_HOST = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/** Only from HTTP/1.1 on a request has to name its host (RFC 9112, 3.2): probes of load balancers speak 1.0 and do not. */
function hostOf({ headers, httpVersion }: IncomingMessage): string {
  return headers.host ?? (httpVersion === '1.0' ? NAMELESS : '')
}

const NAMELESS = 'localhost'

/** `Host` headers of a request: of several, Node shows the first, and what stands before us may have gone by the last (RFC 9112, 3.2). */
function hosts({ rawHeaders }: IncomingMessage): number {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (name.length === HOST.length && name.toLowerCase() === HOST) count++
  }
  return count
}

/** How a request went; `isWhole`: all of the answer was handed to the system. */
interface Outcome {
  readonly status: number
  readonly seconds: number
  readonly isWhole: boolean
}

function logRequest(log: LineLog, call: Call, { status, seconds, isWhole }: Outcome): void {
  log.write({
    time: call.at.toISOString(),
    level: status >= 500 ? 'error' : 'info',
    msg: 'request',
    id: call.id,
    method: call.method,
    ...call.facts,
    status,
    ms: Math.round(seconds * 1e5) / 100,
    address: call.address,
    ...(isWhole ? {} : { aborted: true }),
  })
}

function logFailure(log: LineLog, error: HttpError, call: Call): void {
  const cause = error.details.cause
  log.write({
    time: call.at.toISOString(),
    level: 'error',
    msg: 'failure',
    id: call.id,
    code: error.code,
    ...(cause instanceof Error ? { error: cause.name, reason: cause.message, where: firstFrame(cause) } : {}),
  })
}

function firstFrame(error: Error): string | undefined {
  return error.stack
    ?.split('\n')
    .find((line) => line.trimStart().startsWith('at '))
    ?.trim()
}
