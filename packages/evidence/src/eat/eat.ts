import { toHex } from '../core/bytes.ts'
import { isList, isObject, type Json, type JsonObject, memberOf, textsOf } from '../core/json.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { DEBUG_STATES, RESULTS, USES } from './names.ts'

/** What a claims set breaks of RFC 9711, in words; the claims that are not named there are nobody's business here. */
export function eatFaults(claims: JsonObject): readonly string[] {
  return RULES.flatMap(([name, holds, expected]) => {
    const value = memberOf(claims, name)
    return value === undefined || holds(value) ? [] : [`${name}: expected ${expected}`]
  })
}

/** Claims sets below a claims set, by name. Nested tokens and digests are not opened. */
export function submodulesOf(claims: JsonObject): readonly (readonly [string, JsonObject])[] {
  const submods = memberOf(claims, 'submods')
  const entries = isObject(submods) ? Object.entries(submods) : []
  return entries.filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
}

/** What stands below a claims set, at any depth. */
export interface EatSubmodules {
  /** Claims sets, with the names on the way to each. */
  readonly sets: readonly (readonly [path: readonly string[], claims: JsonObject])[]
  /** Ways to tokens and digests of claims sets, which are not opened. */
  readonly closed: readonly (readonly string[])[]
  /** Whether there are more than are read. */
  readonly tooMany: boolean
}

/** Most submodules of one token that are read, at all depths together. */
export const MOST_SUBMODULES: number = 256

/** All submodules of a claims set, those above before those below. @see RFC 9711, section 4.2.18 */
export function submodulesBelow(claims: JsonObject): EatSubmodules {
  const sets: (readonly [readonly string[], JsonObject])[] = []
  const closed: (readonly string[])[] = []
  const open: (readonly [readonly string[], JsonObject])[] = [[[], claims]]
  for (let one = open.shift(); one !== undefined; one = open.shift()) {
    const [path, above] = one
    const submods = memberOf(above, 'submods')
    for (const [name, value] of isObject(submods) ? Object.entries(submods) : []) {
      if (sets.length + closed.length === MOST_SUBMODULES) return { sets, closed, tooMany: true }
      const way = [...path, name]
      if (!isObject(value)) closed.push(way)
      else {
        sets.push([way, value])
        open.push([way, value])
      }
    }
  }
  return { sets, closed, tooMany: false }
}

/** The universal entity id of a claims set in lower-case hex; undefined where there is none, or a malformed one. */
export function ueidOf(claims: JsonObject): string | undefined {
  const value = memberOf(claims, 'ueid')
  return value !== undefined && isUeid(value) ? toHex(bytesOf(value) ?? new Uint8Array(0)) : undefined
}

type Rule = readonly [name: string, holds: (value: Json) => boolean, expected: string]

const RULES: readonly Rule[] = [
  ['eat_nonce', isNonce, 'text of 8 to 88 characters, or a list of two or more'],
  ['ueid', isUeid, '7 to 33 bytes, the first of them 1, 2 or 3'],
  ['oemid', isOemId, 'a private enterprise number, or 3 or 16 bytes'],
  [
    'sueids',
    (value) => isObject(value) && Object.values(value).every(isUeid),
    '7 to 33 bytes by name, the first of them 1, 2 or 3',
  ],
  ['hwmodel', (value) => within(value, 1, 32), '1 to 32 bytes'],
  ['hwversion', isVersion, 'a list of a version and its scheme'],
  ['swname', (value) => typeof value === 'string', 'text'],
  // Published samples have the version alone, too.
  ['swversion', (value) => typeof value === 'string' || isVersion(value), 'a version, or a list of it and its scheme'],
  ['uptime', isCount, 'a whole number'],
  ['bootcount', isCount, 'a whole number'],
  ['bootseed', (value) => within(value, 1, 384), 'bytes'],
  ['oemboot', (value) => typeof value === 'boolean', 'true or false'],
  ['dbgstat', (value) => typeof value === 'string' && DEBUG_STATES.includes(value), DEBUG_STATES.join(', ')],
  [
    'eat_profile',
    (value) => typeof value === 'string' && /^([a-z][a-z0-9+.-]*:\S+|[0-2](\.\d+)+)$/i.test(value),
    'a URI or OID',
  ],
  ['intuse', isUse, 'generic, registration, provisioning, csr or pop'],
  ['submods', (value) => isObject(value) && Object.values(value).every(isSubmodule), 'claims sets, tokens or digests'],
  ['dloas', (value) => areLists(value, 2, 3) && everyText(value), 'lists of a registrar and labels'],
  ['manifests', (value) => areLists(value, 2, 2), 'lists of a type and a manifest'],
  ['measurements', (value) => areLists(value, 2, 2), 'lists of a type and a measurement'],
  ['measres', isResults, 'systems, each with results'],
]

function isNonce(value: Json): boolean {
  const texts = textsOf(value)
  const complete = isList(value) ? value.length >= 2 && texts.length === value.length : texts.length === 1
  return complete && texts.every((one) => one.length >= 8 && one.length <= 88)
}

function bytesOf(value: Json): Uint8Array | undefined {
  return typeof value === 'string' && value.length <= 512 ? decodeBase64(value) : undefined
}

function within(value: Json, min: number, max: number): boolean {
  const length = bytesOf(value)?.length ?? -1
  return length >= min && length <= max
}

function isUeid(value: Json): boolean {
  return within(value, 7, 33) && [1, 2, 3].includes(bytesOf(value)?.[0] ?? 0)
}

function isOemId(value: Json): boolean {
  return isCount(value) || within(value, 3, 3) || within(value, 16, 16)
}

function isVersion(value: Json): boolean {
  return isList(value) && value.length >= 1 && value.length <= 2 && typeof value[0] === 'string'
}

function areLists(value: Json, min: number, max: number): boolean {
  return (
    isList(value) && value.length > 0 && value.every((one) => isList(one) && one.length >= min && one.length <= max)
  )
}

function everyText(value: Json): boolean {
  return isList(value) && value.every((one) => isList(one) && textsOf(one).length === one.length)
}

function isCount(value: Json): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isUse(value: Json): boolean {
  return isWordOf(USES, value)
}

// Some writers of JSON have the numbers of CBOR.
function isWordOf(words: readonly Json[], value: Json | undefined): boolean {
  return words.includes(value ?? null) || (typeof value === 'number' && words[value - 1] !== undefined)
}

const NESTED: readonly Json[] = ['JWT', 'CBOR', 'BUNDLE', 'DIGEST']

function isSubmodule(value: Json): boolean {
  return isObject(value) || (isList(value) && value.length === 2 && NESTED.includes(value[0] ?? null))
}

function isResults(value: Json): boolean {
  const isResult = (one: Json): boolean => isList(one) && one.length === 2 && isWordOf(RESULTS, one[1])
  return (
    isList(value) && value.every((one) => isList(one) && one.length === 2 && isList(one[1]) && one[1].every(isResult))
  )
}
