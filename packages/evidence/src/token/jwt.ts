import { decodeBase64url } from '../core/base64url.ts'
import { refuse } from '../core/errors.ts'
import { isList, isObject, type Json, type JsonObject, memberOf, parseStrict } from '../core/json.ts'
import { beginsLikeCwt, parseCwt } from './cwt.ts'
import type { Token } from './model.ts'

/** Longest token that is read, in bytes. */
export const TOKEN_MAX_SIZE: number = 512 * 1024

const TIMES = ['exp', 'nbf', 'iat'] as const

/**
 * Parses a JSON Web Token in compact form, NVIDIA's detached bundle of them in JSON (a list of
 * `["JWT", main token]` and an object of further tokens by name), or a CBOR Web Token. White space may surround
 * text.
 *
 * @throws EvidenceError
 * @see RFC 7515, section 5.2; RFC 7519, section 7.2; RFC 9711, section 5
 */
export function parseToken(bytes: Uint8Array): Token {
  if (bytes.length > TOKEN_MAX_SIZE)
    throw refuse('token', `${bytes.length} bytes`, `at most ${TOKEN_MAX_SIZE} bytes`, 0, 'too-large')
  if (beginsLikeCwt(bytes)) {
    const token = parseCwt(bytes)
    assertTimes(token.claims)
    return token
  }
  const text = utf8Of(bytes, 'token').trim()
  return text.startsWith('[') ? parseBundle(text) : parseCompact(text)
}

function parseBundle(text: string): Token {
  const value = parseStrict(text, 'bundle')
  const [main, others] = isList(value) && value.length === 2 ? value : []
  const [kind, first] = isList(main) && main.length === 2 ? main : []
  if (kind !== 'JWT' || typeof first !== 'string' || !isObject(others))
    throw refuse('bundle', 'another value', 'a list of `["JWT", token]` and an object of tokens')
  const entries = Object.entries(others)
  if (entries.length > MAX_SUBMODULES)
    throw refuse('bundle', 'more tokens', `at most ${MAX_SUBMODULES}`, 0, 'too-large')
  return { ...parseCompact(first), submodules: entries.map(([name, one]) => ({ name, token: inBundle(one) })) }
}

function inBundle(value: Json): Token {
  if (typeof value !== 'string') throw refuse('bundle', 'another value', 'a token in compact form')
  // What RFC 9711 puts there is claims without a signature of their own.
  if (!value.includes('.'))
    throw refuse('bundle', 'a detached claims set', 'tokens in compact form', 0, 'unsupported-kind')
  return parseCompact(value)
}

const MAX_SUBMODULES = 32

function parseCompact(text: string): Token {
  const parts = text.split('.')
  const [head, body, tail] = parts
  if (head === undefined || body === undefined || tail === undefined || parts.length !== 3)
    throw refuse('token', `${parts.length} parts`, 'three parts with dots between them')
  const header = objectOf(head, 'token.header')
  const claims = objectOf(body, 'token.claims')
  assertTimes(claims)
  return {
    form: 'JWT',
    header,
    claims,
    signed: new TextEncoder().encode(`${head}.${body}`),
    signature: decodeBase64url(tail, 'token.signature'),
    text,
    submodules: [],
  }
}

function objectOf(text: string, field: string): JsonObject {
  const bytes = decodeBase64url(text, field)
  const value: Json = parseStrict(utf8Of(bytes, field), field)
  if (!isObject(value)) throw refuse(field, 'another value', 'a JSON object')
  return value
}

// Whole seconds: a fraction is an error in EAR, and services of ours never write one.
function assertTimes(claims: JsonObject): void {
  for (const name of TIMES) {
    const value = memberOf(claims, name)
    if (value === undefined) continue
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > MAX_SECONDS)
      throw refuse(`token.claims.${name}`, 'another value', 'a whole number of seconds since 1970')
  }
}

// The last second of the year 9999.
const MAX_SECONDS = 253_402_300_799

function utf8Of(bytes: Uint8Array, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // The decoder's own words differ between runtimes.
    throw refuse(field, 'bytes that are no UTF-8', 'UTF-8 text')
  }
}
