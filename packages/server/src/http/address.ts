import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * The address of the client: the peer's, or, when the peer is one of `trustedProxies`, the last address in
 * `X-Forwarded-For` that is not itself such a proxy. A header from anybody else is not looked at.
 */
export function clientAddress(incoming: IncomingMessage, trustedProxies: readonly string[]): string {
  const peer = plain(incoming.socket.remoteAddress ?? '')
  if (trustedProxies.length === 0 || !trustedProxies.includes(peer)) return peer
  const header = incoming.headers['x-forwarded-for']
  const chain = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((one) => plain(one.trim()))
  const client = chain.findLast((one) => isIP(one) !== 0 && !trustedProxies.includes(one))
  return client ?? peer
}

/** What is counted together: an IPv4 address, or the /64 an IPv6 address is in (one customer has at least that many). */
export function limitKey(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = address.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length)
  return [...front, ...new Array<string>(gap).fill('0'), ...back].slice(0, 4).join(':')
}

function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
