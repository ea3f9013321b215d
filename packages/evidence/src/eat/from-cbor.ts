import { type CborItem, type CborMap, SIMPLE } from '../cbor/item.ts'
import { mapOf, wrongItem } from '../cbor/typed.ts'
import { encodeBase64url } from '../core/base64url.ts'
import { isList, type Json, type JsonObject } from '../core/json.ts'
import { oidOf } from '../x509/der.ts'
import { CATEGORIES, DEBUG_STATES, EAT_NAMES, RESULTS, USES, VERIFIER_ID } from './names.ts'

/**
 * A claims set in CBOR as the same claims in JSON: keys by their names, byte strings in base64url, words for the numbers
 * of states, uses and results, object identifiers with dots. Keys without a name stay numbers, written out. Steps over floating-point numbers (null), but not in times.
 *
 * @throws EvidenceError for a time that is no whole number, and for two keys that give one name
 * @see RFC 9711, section 7; draft-ietf-rats-ear, section 3
 */
export function claimsFromCbor(item: CborItem, field: string): JsonObject {
  const map = mapOf(item, field)
  return named(map, field, EAT_NAMES, (name, value, at) => claimOf(name, value, at))
}

const TIMES: readonly string[] = ['exp', 'nbf', 'iat']

function claimOf(name: string, value: CborItem, field: string): Json {
  if (TIMES.includes(name) && value.type !== 'integer') throw wrongItem(value, field, 'a whole number of seconds')
  if (name === 'submods' && value.type === 'map') return submodules(value, field)
  if (name === 'dbgstat' && value.type === 'integer') return DEBUG_STATES[Number(value.value)] ?? Number(value.value)
  // Bytes could read like a state in base64url: as null they break the rule for it.
  if (name === 'dbgstat' && value.type !== 'text') return null
  if (name === 'ear_trustworthiness_vector' && value.type === 'map') return numbered(value, field, CATEGORIES)
  if (name === 'ear_verifier_id' && value.type === 'map') return numbered(value, field, VERIFIER_ID)
  if (name === 'intuse' && value.type === 'integer') return wordOf(USES, Number(value.value))
  if (name === 'eat_profile' && value.type === 'bytes') return oidOf(value.value) ?? encodeBase64url(value.value)
  const json = jsonOf(value, field)
  return name === 'measres' ? withWords(json) : json
}

function wordOf(words: readonly string[], number: number): Json {
  return words[number - 1] ?? number
}

// [[system, [[id, result]…]]…]; what has another form stays what it is, and breaks the rule for it.
function withWords(systems: Json): Json {
  const named = (result: Json): Json =>
    isList(result) ? result.map((one, i) => (i === 1 && typeof one === 'number' ? wordOf(RESULTS, one) : one)) : result
  return isList(systems)
    ? systems.map((system) =>
        isList(system) ? system.map((one, i) => (i === 1 && isList(one) ? one.map(named) : one)) : system,
      )
    : systems
}

// A claims set, a token in CBOR, a token in JSON, or the digest of one that is elsewhere.
function submodules(map: CborMap, field: string): JsonObject {
  return named(map, field, new Map(), (_, value, at) => {
    if (value.type === 'map') return claimsFromCbor(value, at)
    if (value.type === 'bytes') return ['CBOR', encodeBase64url(value.value)]
    if (value.type === 'text') return ['JWT', value.value]
    if (value.type !== 'array') return jsonOf(value, at)
    const [first] = value.items
    const list = value.items.map((one) => jsonOf(one, at))
    return first?.type === 'text' && list.length === 2 && typeof list[1] === 'string' && first.value === 'JWT'
      ? list
      : ['DIGEST', list]
  })
}

function numbered(map: CborMap, field: string, names: readonly string[]): JsonObject {
  return named(map, field, new Map(names.map((name, i) => [i, name])), (_, value, at) => jsonOf(value, at))
}

function named(
  map: CborMap,
  field: string,
  names: ReadonlyMap<number, string>,
  read: (name: string, value: CborItem, field: string) => Json,
): JsonObject {
  const members = new Map<string, Json>()
  for (const { key, value } of map.entries) {
    const name = (typeof key.value === 'number' ? names.get(key.value) : undefined) ?? String(key.value)
    if (members.has(name)) throw wrongItem(key, field, 'each claim once', 'a claim under its name and its number')
    members.set(name, read(name, value, `${field}.${name.slice(0, 64)}`))
  }
  return Object.fromEntries(members)
}

function jsonOf(item: CborItem, field: string): Json {
  switch (item.type) {
    case 'integer':
      return typeof item.value === 'number' ? item.value : String(item.value)
    case 'bytes':
      return encodeBase64url(item.value)
    case 'text':
      return item.value
    case 'array':
      return item.items.map((one) => jsonOf(one, field))
    case 'map':
      return named(item, field, new Map(), (_, value, at) => jsonOf(value, at))
    case 'tag':
      return jsonOf(item.item, field)
    case 'simple':
      return item.value === SIMPLE.true ? true : item.value === SIMPLE.false ? false : null
    default:
      return null
  }
}
