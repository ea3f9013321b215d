/**
 * Why collateral could not be had. Stable: callers may switch on it.
 *
 * - `unreachable`: no connection, a broken connection, a TLS failure, or a server error that stayed.
 * - `throttled`: the service asks to wait longer than the caller allows (429, 503); `retryAfterMs` says how long.
 * - `timeout`: the whole answer did not arrive in time, or nothing arrived for too long.
 * - `not-found`: the service knows no such platform, certificate or evaluation number (404, 410), or no
 *   source or bundle item holds what was asked for.
 * - `refused`: the service refuses the request (400, 401, 403 and other final answers).
 * - `too-large`: an answer or a file is over its bound.
 * - `bad-answer`: the answer is not what was asked for, not well-formed, or not signed by whom it should be.
 * - `stale`: the answer is genuine but not valid at this time: expired, or not yet valid.
 * - `host-not-allowed`: a request or redirect to a host that is not configured, or plain HTTP to another machine.
 * - `bad-bundle`: an endorsement bundle that cannot be read.
 * - `cache`: the folder of the cache cannot be used.
 * - `aborted`: the caller's signal ended the request.
 */
export type CollateralErrorCode =
  | 'unreachable'
  | 'throttled'
  | 'timeout'
  | 'not-found'
  | 'refused'
  | 'too-large'
  | 'bad-answer'
  | 'stale'
  | 'host-not-allowed'
  | 'bad-bundle'
  | 'cache'
  | 'aborted'

/** What a {@link CollateralError} says beside its message. */
export interface CollateralErrorDetails {
  /** Host and port that was asked; never a query, a header or a key. */
  readonly host?: string
  /** `throttled`: how long the service asks to wait, in milliseconds. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/**
 * Collateral could not be had, or what was had is not it. The message says what was asked of whom;
 * it never holds a subscription key or another secret.
 */
export class CollateralError extends Error {
  override readonly name = 'CollateralError'
  readonly code: CollateralErrorCode
  readonly host: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: CollateralErrorCode, message: string, details: CollateralErrorDetails = {}) {
    // Texts of parsers may quote what a stranger sent: nothing of it may steer a terminal.
    super(message.replace(/\p{C}/gu, ' '), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.host = details.host
    this.retryAfterMs = details.retryAfterMs
  }
}
