import { isIP, SocketAddress } from 'node:net'
import { usageError } from '../exit.ts'

/** Collects addresses of proxies, in the form in which a connection names its peer. */
export function proxyOption(text: string, before: readonly string[] = []): readonly string[] {
  const family = isIP(text)
  // A network, or a name, would never be the address of a peer, and nothing would be believed.
  if (family === 0) throw usageError(`--trusted-proxy ${text}: expected one address, such as 10.0.0.5`)
  const { address } = new SocketAddress({ address: text, family: family === 4 ? 'ipv4' : 'ipv6' })
  return [...before, address.replace(/^::ffff:(?=\d+\.)/, '')]
}

/** Reads the URL that others know a checkpoint by. */
export function publicUrlOption(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (!isPlain || !['http:', 'https:'].includes(url.protocol))
    throw usageError(`--public-url ${text}: expected a URL such as https://checkpoint.example, without query`)
  return text.replace(/\/+$/, '')
}

/** Reads a port. */
export function portOption(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw usageError(`--port ${text}: expected a number from 0 to 65535`)
}
