import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Call } from './call.ts'
import type { Reply, ReplyStream } from './reply.ts'

/** What every answer carries, whatever it answers. */
export interface Delivery {
  readonly call: Call
  readonly tls: boolean
  /** True while the server shuts down: the connection is not kept. */
  readonly draining: boolean
  /** Milliseconds after which the connection is cut when the client takes nothing; not of streams, which have a backlog. */
  readonly timeout: number
}

const SECURITY_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
]

/** Writes a reply; resolves when its body has been handed to the socket. A client that is gone is no error. */
export async function deliver(
  outgoing: ServerResponse,
  reply: Reply,
  { call, tls, draining, timeout }: Delivery,
): Promise<void> {
  if (outgoing.destroyed || outgoing.headersSent) return
  const headers = headersOf(reply, call)
  if (tls) headers.push('strict-transport-security', 'max-age=31536000')
  if (draining && !Object.hasOwn(reply.headers, 'connection')) headers.push('connection', 'close')
  const { body } = reply
  if (body !== undefined && typeof body === 'object' && !(body instanceof Uint8Array)) {
    outgoing.writeHead(reply.status, headers)
    return stream(outgoing, body, call)
  }
  // From here on: before it, a connection may be silent for as long as its answer takes to be made.
  outgoing.setTimeout(timeout)
  if (body === undefined) {
    if (reply.status !== 204) headers.push('content-length', '0')
    outgoing.writeHead(reply.status, headers)
    outgoing.end()
    return
  }
  headers.push('content-length', String(typeof body === 'string' ? Buffer.byteLength(body) : body.length))
  outgoing.writeHead(reply.status, headers)
  outgoing.end(body)
}

/** Names and values in turn: the form that node:http writes without another look. A reply's own come before ours. */
function headersOf({ headers }: Reply, { id }: Call): string[] {
  const list: string[] = []
  for (const [name, value] of SECURITY_HEADERS) if (!Object.hasOwn(headers, name)) list.push(name, value)
  if (!Object.hasOwn(headers, 'x-request-id')) list.push('x-request-id', id)
  for (const [name, value] of Object.entries(headers)) list.push(name, value)
  return list
}

async function stream(outgoing: ServerResponse, body: ReplyStream, call: Call): Promise<void> {
  if (call.method === 'HEAD') {
    outgoing.end()
    return
  }
  outgoing.flushHeaders()
  await body.run({
    signal: call.signal,
    pending: () => outgoing.writableLength,
    write: (text) => {
      if (!outgoing.destroyed) outgoing.write(text)
    },
  })
  if (outgoing.destroyed) return
  outgoing.end()
  await once(outgoing, 'close')
}
