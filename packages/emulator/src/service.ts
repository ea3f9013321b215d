import { utf8 } from './kit/bytes.ts'
import type { Throttling } from './state.ts'

/** A request to the services of a world. */
export interface ServiceRequest {
  readonly method: string
  /** Path and query, or a whole URL whose host does not matter. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body?: Uint8Array
}

/** What a service answers. */
export interface ServiceAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

/** A refusal with its text. */
export function refusal(status: number, text: string, headers: Readonly<Record<string, string>> = {}): ServiceAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body: utf8(`${text}\n`) }
}

/** An answer of type `contentType`. */
export function found(
  contentType: string,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): ServiceAnswer {
  return {
    status: 200,
    headers: { 'content-type': contentType, ...headers },
    body: typeof body === 'string' ? utf8(body) : body,
  }
}

/** Orders a service to refuse the next requests. @throws TypeError for numbers that are none */
export function throttlingOf(requests: number, retryAfterSeconds: number): Throttling {
  for (const one of [requests, retryAfterSeconds])
    if (!Number.isSafeInteger(one) || one < 0) throw new TypeError('a throttling takes whole numbers from 0 on')
  return { requests, retryAfterSeconds }
}

/** Takes one request off a throttling: its refusal, or undefined when requests are let through. */
export function throttled(authority: { throttle: Throttling }): ServiceAnswer | undefined {
  const { requests, retryAfterSeconds } = authority.throttle
  if (requests <= 0) return undefined
  authority.throttle = { requests: requests - 1, retryAfterSeconds }
  return refusal(429, 'Too many requests', { 'retry-after': String(retryAfterSeconds) })
}
