import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Call } from '../http/call.ts'

/**
 * A session of the web page is a token in two halves, of which neither is of use alone: the token, sealed, in a cookie
 * that no script can read; and the key to it, which the page keeps for its own origin and sends in a header. Cookies go
 * to every port of a host, and with requests that other sites cause: there the key is missing.
 */
export interface PageSession {
  /** Value of `Set-Cookie`. */
  readonly cookie: string
  /** 43 characters base64url, for the header `sekisho-session`. */
  readonly key: string
}

/** The header that the page sends its half in. */
export const SESSION_HEADER = 'sekisho-session'

/** Seconds that a browser keeps the cookie. */
export const SESSION_SECONDS: number = 12 * 3600

/** Longest token that fits: browsers keep no cookie above 4 kB. */
export const MAX_SESSION_TOKEN = 2900

const NONCE = 12
const TAG = 16
const HALF = /^[A-Za-z0-9_-]{43}$/

/** Splits a token. `secure`: the server speaks TLS, so that the cookie must not leave it. */
export function openPageSession(call: Call, token: string, secure: boolean): PageSession {
  const key = randomBytes(32)
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
  const sealed = Buffer.concat([nonce, cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return {
    cookie: cookieText(call, sealed.toString('base64url'), SESSION_SECONDS, secure),
    key: key.toString('base64url'),
  }
}

/** Value of `Set-Cookie` that makes the browser forget its half. */
export function closePageSession(call: Call, secure: boolean): string {
  return cookieText(call, '', 0, secure)
}

/** The token of a session; undefined when a half is missing or the halves do not belong together. */
export function pageSessionToken(call: Call): string | undefined {
  const key = call.header(SESSION_HEADER)
  if (key === undefined || !HALF.test(key)) return undefined
  const name = `${cookieName(call)}=`
  // Whatever else runs on this host may set a cookie of this name: it must not stand before ours.
  const sent = (call.header('cookie') ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(name))
    .slice(0, MOST_COOKIES)
  for (const pair of sent) {
    const token = unsealed(pair.slice(name.length), key)
    if (token !== undefined) return token
  }
  return undefined
}

const MOST_COOKIES = 16

function unsealed(value: string, key: string): string | undefined {
  const sealed = Buffer.from(value, 'base64url')
  if (sealed.length <= NONCE + TAG) return undefined
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'base64url'), sealed.subarray(0, NONCE), {
    authTagLength: TAG,
  })
  decipher.setAuthTag(sealed.subarray(-TAG))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]).toString('utf8')
  } catch {
    // The tag is of another key or another token: as if there were no session.
    return undefined
  }
}

/** Cookies do not know ports: two servers of one host must not take each other's place. */
function cookieName(call: Call): string {
  return `sekisho-${/:(\d{1,5})$/.exec(call.header('host') ?? '')?.[1] ?? 'page'}`
}

function cookieText(call: Call, value: string, seconds: number, secure: boolean): string {
  const text = `${cookieName(call)}=${value}; Path=/api/v1; Max-Age=${seconds}; HttpOnly; SameSite=Strict`
  return secure ? `${text}; Secure` : text
}
