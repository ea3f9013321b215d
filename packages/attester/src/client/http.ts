import { ClientError } from './errors.ts'

/** How a checkpoint is reached. */
export interface Transport {
  /** Base URL: scheme, host and port, and a path in front of the server's own if there is one. */
  readonly url: string | URL
  /** Longest that one request may take. Default 60,000. */
  readonly timeoutMs?: number
  /** Ends everything; its reason is thrown. */
  readonly signal?: AbortSignal
  /** Default: the runtime's own. Give one with an agent of yours for a private certificate authority. */
  readonly fetch?: typeof fetch
}

/** One request. */
export interface Call {
  readonly method: 'GET' | 'POST'
  /** Below the base URL, beginning with a slash. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
}

/** A whole answer. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Parsed JSON; undefined when the body is no JSON. */
  readonly json: unknown
}

const DEFAULT_TIMEOUT_MS = 60_000
/** A secret of 2 MiB as a JWE. */
const MAX_ANSWER = 4 * 1024 * 1024

/** Sends a request, and reads the answer to its end within bounds. @throws ClientError `unreachable`, `timeout`, `protocol` */
export async function send(transport: Transport, call: Call): Promise<Answer> {
  const late = AbortSignal.timeout(transport.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const where = `${call.method} ${call.path}`
  try {
    const response = await request(transport, call, late)
    return { status: response.status, headers: response.headers, json: parseJson(await readBounded(response, where)) }
  } catch (error) {
    throw nameTrouble(error, transport, late, where)
  }
}

/** Sends a request and leaves the answer's body to the caller, without a limit of time. */
export async function begin(transport: Transport, call: Call): Promise<Response> {
  const where = `${call.method} ${call.path}`
  try {
    return await request(transport, call, undefined)
  } catch (error) {
    throw nameTrouble(error, transport, undefined, where)
  }
}

function request(transport: Transport, call: Call, late: AbortSignal | undefined): Promise<Response> {
  const signals = [transport.signal, late].filter((one) => one !== undefined)
  const isJson = call.body !== undefined
  return (transport.fetch ?? fetch)(target(transport.url, call.path), {
    method: call.method,
    headers: { accept: 'application/json', ...(isJson ? { 'content-type': 'application/json' } : {}), ...call.headers },
    ...(isJson ? { body: JSON.stringify(call.body) } : {}),
    // Evidence and lease secrets go where the caller sent them, and nowhere else.
    redirect: 'error',
    signal: AbortSignal.any(signals),
  })
}

function target(base: string | URL, path: string): URL {
  const url = new URL(base)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError('url must be one of http or https')
  if (url.username !== '' || url.password !== '') throw new TypeError('url must hold no credentials')
  url.pathname = url.pathname.replace(/\/+$/, '') + path
  url.search = ''
  url.hash = ''
  return url
}

async function readBounded(response: Response, where: string): Promise<string> {
  const parts: Uint8Array[] = []
  let total = 0
  for await (const chunk of response.body ?? []) {
    total += chunk.length
    if (total > MAX_ANSWER)
      throw new ClientError('protocol', `the answer to ${where} is larger than ${MAX_ANSWER} bytes`)
    parts.push(chunk)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** A text's JSON; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What went wrong, in words of ours; the caller's own end is thrown as it is. */
export function nameTrouble(
  error: unknown,
  { signal }: Transport,
  late: AbortSignal | undefined,
  where: string,
): unknown {
  if (error instanceof ClientError || signal?.aborted === true) return signal?.aborted === true ? signal.reason : error
  if (late?.aborted === true) return new ClientError('timeout', `no answer to ${where} in time`, error)
  if (error instanceof TypeError && !('cause' in error)) return error
  return new ClientError('unreachable', `${where} did not reach the checkpoint`, error)
}

/** Members of a JSON object. */
export type Members = Readonly<Record<string, unknown>>

/** Whether a JSON value is an object. */
export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text in an answer. @throws ClientError `protocol` when it is none, or longer than `max` */
export function textOf(value: unknown, field: string, max: number): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > max)
    throw new ClientError('protocol', `the answer's ${field} is no text of 1 to ${max} characters`)
  return value
}
