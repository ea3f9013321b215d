import { X509Certificate } from 'node:crypto'
import { CollateralError } from './errors.ts'

/** A service that may be reached, and nothing beside it: scheme, host and port must all be equal. */
export interface Origin {
  /** `https://host:port` as URL.origin writes it. */
  readonly origin: string
  /** What its TLS certificate must lead to; undefined for the public CAs. */
  readonly tls: TlsPins | undefined
  /** What it is reached through; absent where it is asked directly. */
  readonly proxy?: Proxy
}

/** Certificates that a service's TLS certificate must lead to, or be. */
export interface TlsPins {
  readonly pem: string
  /** As {@link X509Certificate.fingerprint256}. */
  readonly fingerprints: readonly string[]
}

/** A forward proxy through which services are reached: RFC 9110, section 9.3.6. */
export interface Proxy {
  /** `http:` or `https:`; without user and password. */
  readonly url: URL
  /** Value of `Proxy-Authorization`: a secret. */
  readonly authorization: string | undefined
}

/** @throws TypeError when `pem` holds no certificate, or one that cannot be read */
export function readTlsPins(pem: string, option: string): TlsPins {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    const fingerprints = blocks.map((block) => new X509Certificate(block).fingerprint256)
    if (fingerprints.length > 0) return { pem, fingerprints }
  } catch (cause) {
    throw new TypeError(`\`${option}\` holds a certificate that cannot be read`, { cause })
  }
  throw new TypeError(`\`${option}\` must hold PEM certificates`)
}

/**
 * Reads the base URL of a service.
 * @returns the URL, its path without a slash at the end
 * @throws TypeError when it is no such URL: another scheme than https (http for loopback only), a user name, a query
 */
export function readBaseUrl(text: string, option: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw new TypeError(`\`${option}\` must be a URL`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`\`${option}\` must be a URL without user name, query and fragment`)
  }
  if (!isProtected(url))
    throw new TypeError(`\`${option}\` must be an https: URL (http: is for loopback addresses only)`)
  url.pathname = url.pathname.replace(/\/+$/, '')
  return url
}

/** A path of the API, with its query, below the base URL of a service. */
export function below(base: URL, path: string, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(base)
  url.pathname = `${base.pathname === '/' ? '' : base.pathname}${path}`
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}

/** @throws CollateralError `host-not-allowed` unless `url` belongs to one of `origins` */
export function allowed(url: URL, origins: readonly Origin[]): Origin {
  const origin = origins.find((one) => one.origin === url.origin)
  if (origin === undefined || url.username !== '' || url.password !== '' || !isProtected(url)) {
    throw new CollateralError('host-not-allowed', `not one of the configured hosts: \`${url.origin.slice(0, 100)}\``)
  }
  return origin
}

function isProtected(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/** Whether a host name of a URL names this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
