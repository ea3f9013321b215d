import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type HeldBody, readBody } from './body.ts'
import { HttpError, invalid } from './errors.ts'
import { readJson } from './json.ts'

/** What the log line and the metrics of a request are told by its handler; never a secret. */
export interface CallFacts {
  /** The pattern that matched, e.g. `/api/v1/namespaces/:ns/policy`. */
  route?: string
  namespace?: string
  /** Id of the API token, or issuer and subject of the OIDC token. */
  actor?: string
  /** Stable code of a refusal or an error. */
  code?: string
  decision?: string
  resource?: string
}

/** One request, as handlers see it. */
export interface Call {
  /** The client's `x-request-id` when it is a sane one, else made here; in every answer and log line. */
  readonly id: string
  readonly method: string
  /** Path without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Path members by name, decoded. */
  params: Readonly<Record<string, string>>
  /** Of the client, or as a trusted proxy reports it. */
  readonly address: string
  readonly facts: CallFacts
  /** Aborted when the client went away or the server shuts down. */
  readonly signal: AbortSignal
  /** The time of this request; one value all through it. */
  readonly at: Date
  header(name: string): string | undefined
  /** The body, at most `limit` bytes (HttpError 413 above). */
  body(limit: number): Promise<Uint8Array>
  /** The body as JSON; an empty body is an error. */
  json(limit: number): Promise<unknown>
}

const SANE_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/

/** What a call is made from. */
export interface CallInput {
  readonly incoming: IncomingMessage
  readonly address: string
  readonly at: Date
  readonly signal: () => AbortSignal
  readonly held: HeldBody
}

/** Makes the call of a request. A target that is no path is answered 400 by the front, with the path `/`. */
export function openCall({ incoming, address, at, signal, held }: CallInput): Call {
  const target = incoming.url ?? '/'
  const mark = target.indexOf('?')
  const sent = incoming.headers['x-request-id']
  let query: URLSearchParams | undefined
  return {
    id: typeof sent === 'string' && SANE_ID.test(sent) ? sent : randomUUID(),
    method: incoming.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    get query() {
      query ??= new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1))
      return query
    },
    params: {},
    address,
    facts: {},
    get signal() {
      return signal()
    },
    at,
    header: (name) => {
      const value = incoming.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    body: (limit) => readBody(incoming, limit, held),
    json: async (limit) => {
      if (!isJsonType(incoming.headers['content-type'])) {
        throw new HttpError(415, 'unsupported-type', 'the body must be JSON, with content-type application/json')
      }
      const body = await readBody(incoming, limit, held)
      if (body.length === 0) throw invalid('the body is empty', [{ field: '', expected: 'one JSON value' }])
      return readJson(body)
    },
  }
}

function isJsonType(type: string | undefined): boolean {
  return type !== undefined && /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i.test(type)
}
