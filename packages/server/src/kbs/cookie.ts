import { KbsError } from './errors.ts'

/** Name of the session cookie of the KBS protocol. */
export const SESSION_COOKIE = 'kbs-session-id'

const SESSION = /^[A-Za-z0-9_-]{32,512}$/

/**
 * Only `Expires`, as Trustee writes it. Without `Path` the cookie's path is the directory of the request, which covers
 * `/kbs/v0/resource/…` and keeps the sessions of two namespaces apart; `Secure` would lose it over plain HTTP.
 */
export function sessionCookie(session: string, expires: Date): string {
  return `${SESSION_COOKIE}=${session}; Expires=${expires.toUTCString()}`
}

/**
 * The session in a `Cookie` header; undefined when there is none, or a malformed one.
 *
 * @throws KbsError when two differ: which of them is meant would depend on who reads it.
 */
export function readSessionCookie(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${SESSION_COOKIE}=`))
    .map((pair) => pair.slice(SESSION_COOKIE.length + 1).replace(/^"(.*)"$/, '$1'))
  const [first] = values
  if (values.some((value) => value !== first)) {
    throw new KbsError('AttestationError', `the cookie ${SESSION_COOKIE} is given twice with different values`)
  }
  return first !== undefined && SESSION.test(first) ? first : undefined
}

/** Why a `Cookie` header has no session. */
export function cookieFault(header: string | undefined): string {
  const isThere = header?.split(';').some((pair) => pair.trim().startsWith(`${SESSION_COOKIE}=`)) === true
  return isThere
    ? `the session cookie is malformed: expected ${SESSION_COOKIE} as the challenge set it`
    : 'the session cookie is missing'
}
