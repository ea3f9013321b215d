import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers one request, honestly or not. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A server on a loopback address for one test. */
export interface LocalServer {
  readonly url: string
  /** Path and query of every request so far. */
  readonly asked: string[]
  /** Headers of every request so far. */
  readonly headers: http.IncomingHttpHeaders[]
  /** Replaces the handler from here on. */
  handle(handler: Handler): void
  close(): Promise<void>
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startServer(handler: Handler): Promise<LocalServer> {
  let current = handler
  const asked: string[] = []
  const headers: http.IncomingHttpHeaders[] = []
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '')
    headers.push(request.headers)
    current(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    headers,
    handle(next: Handler): void {
      current = next
    },
    close(): Promise<void> {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** What a service answers for one path. */
export interface Canned {
  readonly body: Uint8Array | string
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers from a table by path and query; 404 for everything else. */
export function canned(table: ReadonlyMap<string, Canned>): Handler {
  return (request, response) => {
    const found = table.get(request.url ?? '')
    if (found === undefined) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, found.headers).end(found.body)
  }
}
