import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { newSessionId } from './ids.ts'
import type { Protocol } from './model.ts'
import type { Session } from './state.ts'

/** What a session is opened with. */
export type Opening = Omit<Session, 'id' | 'token'>

const ID_DIGITS = 32
const MAC_CHARS = 43
const TOKEN = /^[0-9a-f]{32}[A-Za-z0-9_-]{44,400}$/
const FIELDS = /^([0-9a-z]{1,11}) ([0-9a-z]{1,6}) (kbs|native) ([a-z0-9-]{1,63}) (.{0,32})$/su

/**
 * A session with a new id. Nothing of it is stored: its token says all that it was opened with, and shows by a MAC that it
 * comes from a holder of the key. The token is 32 hex digits (the id), 43 characters (HMAC-SHA-256) and the rest, all
 * of base64url's alphabet.
 *
 * @param key 32 bytes, the same for all processes of a database
 */
export function openSession(key: KeyObject, opening: Opening): Session {
  const id = newSessionId()
  const { expires, era, protocol, namespace, tee } = opening
  const text = [expires.toString(36), era.toString(36), protocol, namespace, tee].join(' ')
  const fields = Buffer.from(text).toString('base64url')
  return { ...opening, id, token: id + mac(key, SESSION, id + fields).toString('base64url') + fields }
}

/** The session of a token; undefined for any text that {@link openSession} did not make under this very key. */
export function readSessionToken(key: KeyObject, token: string): Session | undefined {
  if (!TOKEN.test(token)) return undefined
  const id = token.slice(0, ID_DIGITS)
  const shown = Buffer.from(token.slice(ID_DIGITS, ID_DIGITS + MAC_CHARS))
  const fields = token.slice(ID_DIGITS + MAC_CHARS)
  // As text: of the last character of base64url two bits say nothing, and one session is to have one token.
  const made = Buffer.from(mac(key, SESSION, id + fields).toString('base64url'))
  if (!timingSafeEqual(shown, made)) return undefined
  const [, expires = '', era = '', protocol, namespace = '', tee = ''] =
    FIELDS.exec(Buffer.from(fields, 'base64url').toString()) ?? []
  if (protocol === undefined) return undefined
  return {
    id,
    token,
    expires: Number.parseInt(expires, 36),
    era: Number.parseInt(era, 36),
    protocol: protocol as Protocol,
    namespace,
    tee,
  }
}

/** The 32 bytes of a session's nonce: nobody without the key can tell them before the session is opened, nor after. */
export function nonceBytes(key: KeyObject, { token }: Session): Buffer {
  return mac(key, NONCE, token)
}

// Labels end with a character that no token has: what is under one is never what is under another.
const SESSION = 'sekisho session\n'
const NONCE = 'sekisho nonce\n'

function mac(key: KeyObject, label: string, text: string): Buffer {
  return createHmac('sha256', key)
    .update(label + text)
    .digest()
}
