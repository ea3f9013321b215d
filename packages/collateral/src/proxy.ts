import type { ProxyOptions } from './options.ts'
import { isLoopback, type Proxy } from './origins.ts'

/**
 * Reads the address of a proxy, with the user and password that may stand in it.
 * @throws TypeError for another scheme, or more than scheme, host and port; the message never repeats the address
 */
export function readProxy({ url: text }: ProxyOptions): Proxy {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new TypeError('`proxy.url` must be an http: or https: URL: http://proxy.example:3128')
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new TypeError('`proxy.url` must be a URL of scheme, host and port alone')
  const authorization = authorizationOf(url)
  url.username = ''
  url.password = ''
  return { url, authorization }
}

// RFC 7617, section 2.
function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`
  } catch (cause) {
    throw new TypeError('`proxy.url` has a user or password with a % that begins no code: write %25', { cause })
  }
}

/**
 * Whether a service is asked without the proxy: at loopback addresses, which no proxy could mean, and where a name in
 * `except` is the host, a domain around it (with or without a dot before it) or `*`. A port behind a name must be the service's.
 */
export function isDirect(service: URL, except: readonly string[] = []): boolean {
  if (isLoopback(service.hostname)) return true
  const host = bare(service.hostname)
  const port = service.port === '' ? '443' : service.port
  return except.some((entry) => {
    const text = entry.trim().toLowerCase()
    // An IPv6 address without brackets has colons, and no port.
    const [, name = text, only] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? []
    if (name === '' || (only !== undefined && only !== port)) return false
    const domain = bare(name).replace(/^\*?\./, '')
    return name === '*' || host === domain || host.endsWith(`.${domain}`)
  })
}

// Brackets of an IPv6 address, and the dot behind a name that is complete.
function bare(name: string): string {
  return name.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}
