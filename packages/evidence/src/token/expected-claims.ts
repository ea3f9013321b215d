import { canonicalJson } from '../core/canonical.ts'
import type { FieldKind } from '../core/expectations.ts'
import { isList, isObject, type Json, type JsonObject, memberOf } from '../core/json.ts'

/** Most claims that may be expected of one token. */
export const MOST_CLAIMS = 64
const MAX_NAME = 1024
const MAX_VALUE = 16_384
const MAX_DEPTH = 16

/**
 * Canonical text of a value that can be expected; undefined for one that is too deep or long, or in which two tokens could
 * differ and look alike: null stands for what CBOR has and JSON has not, and fractions are told differently.
 */
export function exactText(value: unknown): string | undefined {
  if (!isExact(value as Json, 0)) return undefined
  const text = canonicalJson(value)
  return text.length > MAX_VALUE ? undefined : text
}

function isExact(value: Json, depth: number): boolean {
  if (depth > MAX_DEPTH) return false
  if (isList(value)) return value.every((one) => isExact(one, depth + 1))
  if (isObject(value)) return isPlain(value) && Object.values(value).every((one) => isExact(one, depth + 1))
  return typeof value === 'number'
    ? Number.isSafeInteger(value)
    : typeof value === 'string' || typeof value === 'boolean'
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Claims by name, or by JSON pointer where the name begins with `/`, with the values that they must have. */
export const CLAIMS_FIELD: FieldKind<Readonly<Record<string, Json>>> = {
  expected: `an object of 1 to ${MOST_CLAIMS} claims by name, each with its value in up to ${MAX_VALUE} characters of JSON, without null and fractions`,
  read: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !isPlain(value)) return undefined
    const entries = Object.entries(value).filter(
      (pair): pair is [string, Json] => pair[0].length <= MAX_NAME && exactText(pair[1]) !== undefined,
    )
    return entries.length === Object.keys(value).length && entries.length > 0 && entries.length <= MOST_CLAIMS
      ? Object.fromEntries(entries)
      : undefined
  },
}

/** The claim of a name, or at a JSON pointer through objects. @see RFC 6901, section 4 */
export function claimAt(claims: JsonObject, name: string): Json | undefined {
  if (!name.startsWith('/')) return memberOf(claims, name)
  const path = name.slice(1).split('/')
  return memberOf(claims, ...path.map((one) => one.replaceAll('~1', '/').replaceAll('~0', '~')))
}

/** Names of those that a token does not have, or has with another value. */
export function unmetClaims(claims: JsonObject, wanted: Readonly<Record<string, Json>>): readonly string[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    const found = claimAt(claims, name)
    const text = found === undefined ? undefined : exactText(found)
    return text !== undefined && text === exactText(value) ? [] : [name]
  })
}

/** Claims of the token, of its exchange and of its issuer: none says anything of a device or of its software. */
const ENVELOPE: readonly (string | undefined)[] = [
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'cti', 'cnf', 'eat_nonce', 'eat_profile', 'intuse'],
]

/**
 * Whether a name or pointer leads to a claim, or into one, that describes the token alone, its own or that of a submodule.
 * @see RFC 9711, sections 4.1 and 4.3
 */
export function isEnvelope(name: string): boolean {
  if (!name.startsWith('/')) return ENVELOPE.includes(name)
  return ENVELOPE.includes(name.replace(/^(?:\/submods\/[^/]*)+(?=\/)/, '').split('/')[1])
}
