import type { ConnectionLimits } from './http/listen.ts'
import type { Rate } from './http/rate-limit.ts'

/** Every bound of a server; `docs/server.md` says what each protects. */
export interface ServerLimits extends ConnectionLimits {
  /** Requests of one address (IPv6: of one /64). */
  readonly perAddress: Rate
  /** Requests with one API or OIDC token. */
  readonly perToken: Rate
  /** Refused bearer tokens of one address, so that tokens cannot be guessed. */
  readonly failures: Rate
  /** Bytes of a body on the KBS face. */
  readonly kbsBody: number
  /** Bytes of bodies of all requests together that are in memory at once. */
  readonly bodyBytes: number
  /** Milliseconds after which an answer is cut that its client takes nothing of. */
  readonly answerTimeout: number
  /** Event streams open at once. */
  readonly eventStreams: number
  /** Of these, streams of one token, OpenID subject or lease: one more ends the first of them. */
  readonly eventStreamsPerHolder: number
  /** Bytes that a reader of an event stream may be behind before it is cut off, to come back by `Last-Event-ID`. */
  readonly eventBacklog: number
  /** Milliseconds between heartbeats of an event stream. */
  readonly heartbeat: number
  /** Milliseconds that answers under way have when the server closes. */
  readonly drain: number
}

/** What holds unless a server is told otherwise. */
export const DEFAULT_LIMITS: ServerLimits = {
  maxConnections: 4096,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 15_000,
  maxHeaderBytes: 64 * 1024,
  maxHeaders: 100,
  perAddress: { perSecond: 5000, burst: 10_000 },
  perToken: { perSecond: 1000, burst: 2000 },
  failures: { perSecond: 0.2, burst: 20 },
  kbsBody: 2 * 1024 * 1024,
  bodyBytes: 256 * 1024 * 1024,
  answerTimeout: 30_000,
  eventStreams: 1000,
  eventStreamsPerHolder: 16,
  eventBacklog: 1024 * 1024,
  heartbeat: 15_000,
  drain: 10_000,
}
