import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import { problemType } from './problem.ts'

/** Certificate and key, PEM. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
}

/** Bounds of connections and of the time a request may take to arrive, in milliseconds. */
export interface ConnectionLimits {
  readonly maxConnections: number
  /** From the first byte to the end of the headers; for a TLS handshake as long. */
  readonly headersTimeout: number
  /** From the first byte to the end of the body. */
  readonly requestTimeout: number
  readonly keepAliveTimeout: number
  /** Bytes of all headers together; tokens of attested workloads are large. */
  readonly maxHeaderBytes: number
  readonly maxHeaders: number
}

/** A socket that listens. */
export interface Listening {
  readonly url: string
  /**
   * Shows another certificate to connections from now on; those that are open keep theirs.
   * @throws whatever OpenSSL says of what is none, and then nothing is changed; TypeError where there is no TLS
   */
  renewTls(tls: TlsOptions): void
  /** Takes no new connection and waits for the answers under way; at the deadline the rest is cut. */
  close(deadline: number): Promise<void>
}

/** What `listen` is given. */
export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly tls?: TlsOptions | undefined
  readonly limits: ConnectionLimits
  readonly listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void
  /** A connection was answered without ever becoming a request. */
  readonly onBroken: (status: number) => void
}

/** Listens; rejects when the address cannot be had. */
export async function listen(o: ListenOptions): Promise<Listening> {
  const options = {
    headersTimeout: o.limits.headersTimeout,
    requestTimeout: o.limits.requestTimeout,
    keepAliveTimeout: o.limits.keepAliveTimeout,
    maxHeaderSize: o.limits.maxHeaderBytes,
    connectionsCheckingInterval: Math.max(100, Math.min(1000, o.limits.headersTimeout / 2)),
    noDelay: true,
    // Node would answer without a word: the entrance says what a Host header is.
    requireHostHeader: false,
  }
  const tlsServer =
    o.tls === undefined
      ? undefined
      : createTlsServer(
          { ...options, ...o.tls, minVersion: MIN_TLS, handshakeTimeout: o.limits.headersTimeout },
          o.listener,
        )
  const server = tlsServer ?? createServer(options, o.listener)
  server.maxConnections = o.limits.maxConnections
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  // Node drops what is more and says nothing: the entrance sees that there was one too many.
  server.maxHeadersCount = o.limits.maxHeaders + 1
  // Only `100-continue` means anything; the rest need not be heeded (RFC 9110, 10.1.1).
  server.on('checkExpectation', o.listener)
  server.on('connect', (_incoming, socket: Socket) => answerRaw(socket, NO_TUNNEL, o.onBroken))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket, o.onBroken))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(o.port, o.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    url: urlOf(server, o),
    renewTls({ cert, key }) {
      if (tlsServer === undefined) throw new TypeError('this server does not speak TLS')
      // Made first, so that what is none changes nothing.
      createSecureContext({ cert, key })
      tlsServer.setSecureContext({ cert, key, minVersion: MIN_TLS })
    },
    close: (deadline) => closeWithin(server, sockets, deadline),
  }
}

const MIN_TLS = 'TLSv1.2'

const SWEEP_MS = 50

function closeWithin(server: Server, sockets: ReadonlySet<Socket>, deadline: number): Promise<void> {
  return new Promise((resolve) => {
    // Node itself cuts only those that have become HTTP, and waits for those that are in a TLS handshake.
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, deadline)
    // Connections whose answer began before the close still believe that they are kept.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
    server.close(() => {
      clearTimeout(cut)
      clearInterval(sweep)
      resolve()
    })
  })
}

function urlOf(server: Server, { host, tls }: ListenOptions): string {
  const { port } = server.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host
  return `${tls === undefined ? 'http' : 'https'}://${name}:${port}`
}

const BROKEN: Readonly<Record<string, { readonly status: number; readonly code: string; readonly detail: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: 'headers-too-large', detail: 'the headers are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'too-slow', detail: 'the request did not arrive in time' },
}
const MALFORMED = { status: 400, code: 'malformed', detail: 'this is not an HTTP request' }
const NO_TUNNEL = { status: 405, code: 'method-not-allowed', detail: 'this is no proxy' }

/** Before there is a request there is nothing to answer through: the answer is written to the socket. */
function refuse(error: NodeJS.ErrnoException, socket: Socket, onBroken: (status: number) => void): void {
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
  else answerRaw(socket, BROKEN[error.code ?? ''] ?? MALFORMED, onBroken)
}

function answerRaw(
  socket: Socket,
  { status, code, detail }: typeof MALFORMED,
  onBroken: (status: number) => void,
): void {
  onBroken(status)
  const title = STATUS_CODES[status] ?? 'Error'
  const body = JSON.stringify({ type: problemType(code), title, status, detail, code })
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nconnection: close\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  // A peer that goes on sending and never reads would keep the socket.
  setTimeout(() => socket.destroy(), 1000).unref()
}
