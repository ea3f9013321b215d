import { isList, isObject, type Json, type JsonObject, memberOf, textsOf } from '../core/json.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { DEBUG_STATES } from './names.ts'

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

type Rule = readonly [name: string, holds: (value: Json) => boolean, expected: string]

const RULES: readonly Rule[] = [
  ['eat_nonce', isNonce, 'text of 8 to 88 characters, or a list of two or more'],
  ['ueid', isUeid, '7 to 33 bytes, the first of them 1, 2 or 3'],
  ['oemid', isOemId, 'a private enterprise number, or 3 or 16 bytes'],
  ['hwmodel', (value) => within(value, 1, 32), '1 to 32 bytes'],
  ['hwversion', isVersion, 'a list of a version and its scheme'],
  ['uptime', isCount, 'a whole number'],
  ['bootcount', isCount, 'a whole number'],
  ['oemboot', (value) => typeof value === 'boolean', 'true or false'],
  ['dbgstat', (value) => typeof value === 'string' && DEBUG_STATES.includes(value), DEBUG_STATES.join(', ')],
  [
    'eat_profile',
    (value) => typeof value === 'string' && /^([a-z][a-z0-9+.-]*:\S+|[0-2](\.\d+)+)$/i.test(value),
    'a URI or OID',
  ],
  ['intuse', isUse, 'generic, registration, provisioning, csr or pop'],
  ['submods', (value) => isObject(value) && Object.values(value).every(isSubmodule), 'claims sets, tokens or digests'],
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

function isCount(value: Json): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

const USES: readonly Json[] = ['generic', 'registration', 'provisioning', 'csr', 'pop', 1, 2, 3, 4, 5]

function isUse(value: Json): boolean {
  return USES.includes(value)
}

const NESTED: readonly Json[] = ['JWT', 'CBOR', 'BUNDLE', 'DIGEST']

function isSubmodule(value: Json): boolean {
  return isObject(value) || (isList(value) && value.length === 2 && NESTED.includes(value[0] ?? null))
}

const RESULTS: readonly Json[] = ['success', 'fail', 'not-run', 'absent', 1, 2, 3, 4]

function isResults(value: Json): boolean {
  const isResult = (one: Json): boolean => isList(one) && one.length === 2 && RESULTS.includes(one[1] ?? null)
  return (
    isList(value) && value.every((one) => isList(one) && one.length === 2 && isList(one[1]) && one[1].every(isResult))
  )
}
