import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https, { type AgentOptions, type RequestOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { CollateralError } from './errors.ts'
import type { Proxy } from './origins.ts'

/** How a proxy is asked for a tunnel. */
export interface TunnelOptions {
  readonly proxy: Proxy
  /** Host and port of the service, as a CONNECT request names them. */
  readonly target: string
  /** Until the proxy has opened the tunnel, in milliseconds. */
  readonly timeoutMs: number
  /** Bytes of the proxy's answer. */
  readonly maxHeaders: number
}

/**
 * Connections to one https service through a forward proxy. TLS is spoken with the service, inside of the tunnel, and its
 * certificate is looked at as without a proxy: a proxy sees whom is asked, and nothing of what is said.
 *
 * @see RFC 9110, section 9.3.6
 */
export class TunnelAgent extends https.Agent {
  readonly #tunnel: TunnelOptions

  constructor(options: AgentOptions, tunnel: TunnelOptions) {
    super(options)
    this.#tunnel = tunnel
  }

  override createConnection(
    options: RequestOptions,
    callback: (error: Error | null, stream: Duplex) => void = () => undefined,
  ): undefined {
    const connect = async (): Promise<Duplex> => {
      const socket = await openTunnel(this.#tunnel)
      const secure = super.createConnection({ ...options, ...{ socket } })
      if (secure !== null && secure !== undefined) return secure
      throw new Error('no TLS connection was made')
    }
    // An error goes without a connection, whatever the type says.
    connect().then(
      (secure) => callback(null, secure),
      (error: Error) => (callback as (error: Error) => void)(error),
    )
  }
}

/** @throws CollateralError `unreachable`, `refused` or `timeout`, of the proxy */
function openTunnel({ proxy, target, timeoutMs, maxHeaders }: TunnelOptions): Promise<Duplex> {
  const { host } = proxy.url
  return new Promise((resolve, reject) => {
    const request = connectRequest(proxy, target, maxHeaders)
    const fail = (error: CollateralError): void => {
      clearTimeout(timer)
      request.destroy()
      reject(error)
    }
    const timer = setTimeout(
      () => fail(new CollateralError('timeout', `no tunnel within ${timeoutMs} ms: the proxy ${host}`, { host })),
      timeoutMs,
    )
    request.on('error', (cause) => {
      const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
      fail(new CollateralError('unreachable', `no answer (${code}): the proxy ${host}`, { host, cause }))
    })
    request.on('connect', ({ statusCode: status = 0 }: IncomingMessage, socket: Duplex, early: Buffer) => {
      if (status < 200 || status > 299) {
        fail(refusal(status, host))
        socket.destroy()
      } else if (early.length > 0) {
        // In TLS the client speaks first: this is not from the service.
        fail(new CollateralError('bad-answer', `it speaks where only the service may: the proxy ${host}`, { host }))
        socket.destroy()
      } else {
        clearTimeout(timer)
        resolve(socket)
      }
    })
    request.end()
  })
}

function connectRequest({ url, authorization }: Proxy, target: string, maxHeaderSize: number): ClientRequest {
  const options = {
    method: 'CONNECT',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    path: target,
    headers: { host: target, ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }) },
    agent: false,
    maxHeaderSize,
  } as const
  // The environment cannot switch the check of a proxy's certificate off either.
  return url.protocol === 'https:'
    ? https.request({ ...options, rejectUnauthorized: true, minVersion: 'TLSv1.2' })
    : http.request(options)
}

function refusal(status: number, host: string): CollateralError {
  if (status === 407)
    return new CollateralError(
      'refused',
      `HTTP 407: the proxy ${host} asks for a user and password, or does not accept those given`,
      { host },
    )
  // What a gateway says of a moment: it is worth asking again.
  const code = status >= 500 ? 'unreachable' : 'refused'
  return new CollateralError(code, `HTTP ${status}: the proxy ${host} opens no tunnel`, { host })
}
