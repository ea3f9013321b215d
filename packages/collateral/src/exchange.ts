import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { CollateralError } from './errors.ts'
import type { Origin, TlsPins } from './origins.ts'
import { TunnelAgent } from './tunnel.ts'

/** One request, once. */
export interface Exchange {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Sent with POST; without it, the request is a GET. */
  readonly body?: Uint8Array | undefined
  readonly agent: http.Agent
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly idleMs: number
  readonly signal: AbortSignal | undefined
}

/** What came back, whatever its status. The body is only read for status 200. */
export interface Response {
  readonly status: number
  /** Names in lower case; a header that came more than once is joined or dropped as node:http does. */
  readonly headers: http.IncomingHttpHeaders
  readonly body: Uint8Array
}

// Issuer chains come URL-encoded in a header: about 4 kB for two certificates.
const MAX_HEADERS = 64 * 1024

/**
 * The connections to one service, through its proxy if it has one. Sockets are kept for a while, and never keep the process alive.
 *
 * @param tunnelMs until a proxy has opened a tunnel, in milliseconds
 */
export function connections({ origin, tls, proxy }: Origin, tunnelMs: number): http.Agent {
  const sockets = { keepAlive: true, maxSockets: 4 }
  if (origin.startsWith('http:')) return new http.Agent(sockets)
  // A resumed session shows no certificate: without resumption the identity is looked at on every connection.
  const strict = { ...sockets, maxCachedSessions: 0, rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const
  const options = tls === undefined ? strict : { ...strict, ...pinned(tls) }
  if (proxy === undefined) return new https.Agent(options)
  const { hostname, port } = new URL(origin)
  const target = `${hostname}:${port === '' ? 443 : port}`
  return new TunnelAgent(options, { proxy, target, timeoutMs: tunnelMs, maxHeaders: MAX_HEADERS })
}

function pinned({ pem, fingerprints }: TlsPins): https.AgentOptions {
  return {
    ca: pem,
    allowPartialTrustChain: true,
    checkServerIdentity: (host: string, certificate: PeerCertificate) =>
      fingerprints.includes(certificate.fingerprint256) ? undefined : checkServerIdentity(host, certificate),
  }
}

/**
 * Sends one GET or POST and reads the answer within its bounds of size and time.
 * @throws CollateralError `unreachable`, `timeout`, `too-large`, `bad-answer` or `aborted`
 */
export function exchange(one: Exchange): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = send(one)
    let idle: NodeJS.Timeout | undefined
    const fail = (error: CollateralError): void => {
      finish()
      request.destroy()
      reject(error)
    }
    const late = (what: string): void =>
      fail(new CollateralError('timeout', `${what}: ${host(one)}`, { host: host(one) }))
    const within = (what: string): NodeJS.Timeout =>
      setTimeout(() => late(`${what} within ${one.timeoutMs} ms`), one.timeoutMs)
    let total = within('no free connection')
    let over = false
    const active = (): void => {
      clearTimeout(idle)
      // Pieces that were on their way when it ended must not start the clock again.
      if (over) return
      idle = setTimeout(() => late(`nothing arrived for ${one.idleMs} ms`), one.idleMs)
    }
    const finish = (): void => {
      over = true
      clearTimeout(total)
      clearTimeout(idle)
    }
    // Many platforms may be asked for at once: what waits for its turn has not been asked yet, and nobody is silent.
    request.on('socket', () => {
      if (over) return
      clearTimeout(total)
      total = within('no complete answer')
      active()
    })
    request.on('error', (cause) => fail(connectionError(cause, one)))
    request.on('response', (incoming) => {
      active()
      receive(
        incoming,
        one,
        active,
        (response) => {
          finish()
          resolve(response)
        },
        fail,
      )
    })
    request.end(one.body)
  })
}

function send(one: Exchange): ClientRequest {
  const { agent, body, headers, signal } = one
  const length = body === undefined ? {} : { 'content-length': String(body.length) }
  const options: RequestOptions = {
    method: body === undefined ? 'GET' : 'POST',
    agent,
    headers: { ...headers, ...length },
    maxHeaderSize: MAX_HEADERS,
  }
  if (signal !== undefined) options.signal = signal
  return one.url.protocol === 'https:' ? https.request(one.url, options) : http.request(one.url, options)
}

function receive(
  incoming: IncomingMessage,
  one: Exchange,
  active: () => void,
  done: (response: Response) => void,
  fail: (error: CollateralError) => void,
): void {
  const { headers, statusCode: status = 0 } = incoming
  if (status !== 200) {
    // Nothing in the body of another status is of use, and it may be endless.
    incoming.destroy()
    done({ status, headers, body: new Uint8Array() })
    return
  }
  const bad = (text: string): void =>
    fail(new CollateralError('bad-answer', `${text}: ${host(one)}`, { host: host(one) }))
  const large = (): void =>
    fail(
      new CollateralError('too-large', `an answer of more than ${one.maxBytes} bytes: ${host(one)}`, {
        host: host(one),
      }),
    )
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    bad('an answer in a content encoding nobody asked for')
    return
  }
  const declared = headers['content-length'] === undefined ? undefined : Number(headers['content-length'])
  if (declared !== undefined && declared > one.maxBytes) {
    large()
    return
  }

  const pieces: Buffer[] = []
  let length = 0
  incoming.on('data', (piece: Buffer) => {
    active()
    length += piece.length
    if (length > one.maxBytes) large()
    else pieces.push(piece)
  })
  incoming.on('error', (cause) => fail(connectionError(cause, one)))
  incoming.on('end', () => {
    if (!incoming.complete || (declared !== undefined && declared !== length))
      bad('the answer is not as long as declared')
    else done({ status, headers, body: new Uint8Array(Buffer.concat(pieces)) })
  })
}

function connectionError(cause: Error, one: Exchange): CollateralError {
  // Of a proxy, which says more than that no connection came about.
  if (cause instanceof CollateralError) return cause
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const details = { host: host(one), cause }
  if (cause.name === 'AbortError' || one.signal?.aborted === true)
    return new CollateralError('aborted', `ended by the caller: ${host(one)}`, details)
  if (code === 'HPE_HEADER_OVERFLOW')
    return new CollateralError('too-large', `headers of more than ${MAX_HEADERS} bytes: ${host(one)}`, details)
  if (code.startsWith('HPE_'))
    return new CollateralError('bad-answer', `not a well-formed HTTP answer (${code}): ${host(one)}`, details)
  return new CollateralError('unreachable', `no answer (${code === '' ? cause.name : code}): ${host(one)}`, details)
}

function host(one: Exchange): string {
  return one.url.host
}
