import type { Call } from '../http/call.ts'
import { HttpError } from '../http/errors.ts'

const BEARER = /^Bearer +([\x21-\x7e]{1,16384})$/i

/** The bearer token of a request. @throws HttpError 401 when there is none. */
export function bearer(call: Call): string {
  const token = optionalBearer(call)
  if (token === undefined) throw unauthorized('this needs a bearer token in the Authorization header')
  return token
}

/** The bearer token of a request; undefined when no `Authorization` header is sent. @throws HttpError 401 for another kind. */
export function optionalBearer(call: Call): string | undefined {
  const header = call.header('authorization')
  if (header === undefined) return undefined
  const token = BEARER.exec(header)?.[1]
  if (token === undefined) throw unauthorized('the Authorization header holds no bearer token')
  return token
}

/** 401 that says how to do better; never why a token was not believed. */
export function unauthorized(message: string): HttpError {
  return new HttpError(401, 'unauthorized', message, { headers: { 'www-authenticate': 'Bearer realm="sekisho"' } })
}
