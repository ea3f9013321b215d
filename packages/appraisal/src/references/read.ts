import type { Provenance, ReferenceSet } from '../model.ts'
import { REFERENCE_TEES } from './members.ts'
import { isTee, readValues } from './readers.ts'

/** Longest serialised values of one set, in characters. */
const MAX_VALUES = 1024 * 1024
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
const MEMBERS: readonly string[] = ['name', 'tee', 'values', 'owner', 'provenance', 'expires']
const KINDS: readonly Provenance['kind'][] = ['manual', 'json', 'corim', 'measurement']

/**
 * Checks a reference set at the edge: every member known, the values read by that TEE's own reader of
 * expectations, so that a set holds nothing that its verifier would not compare.
 *
 * @throws TypeError that names the field and says what it should have been
 */
export function readReferenceSet(input: unknown): ReferenceSet {
  const members = objectOf(input, 'reference set', MEMBERS)
  const { tee, expires, provenance = { kind: 'manual' } } = members
  if (!isTee(tee)) throw new TypeError(`tee: expected one of ${REFERENCE_TEES.join(', ')}`)
  const values = readValues(tee, members['values'])
  if (Object.keys(values).length === 0)
    throw new TypeError('values: expected at least one accepted value: a set without any would accept anything')
  if (JSON.stringify(values).length > MAX_VALUES)
    throw new TypeError(`values: expected at most ${MAX_VALUES} characters of JSON`)
  return {
    name: referenceName(members['name']),
    tee,
    values,
    owner: textOf(members['owner'], 'owner', 256),
    provenance: readProvenance(provenance),
    ...(expires === undefined ? {} : { expires: timeOf(expires, 'expires') }),
  }
}

/** A set's name. @throws TypeError */
export function referenceName(name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return name
  throw new TypeError('name: expected 1 to 64 lower-case letters, digits, `.`, `_` and `-`, a letter or digit first')
}

function readProvenance(input: unknown): Provenance {
  const { kind, source, sha256 } = objectOf(input, 'provenance', ['kind', 'source', 'sha256'])
  const known = KINDS.find((one) => one === kind)
  if (known === undefined) throw new TypeError(`provenance.kind: expected one of ${KINDS.join(', ')}`)
  if (sha256 !== undefined && !(typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)))
    throw new TypeError('provenance.sha256: expected 64 lower-case hex digits')
  return {
    kind: known,
    ...(source === undefined ? {} : { source: textOf(source, 'provenance.source', 1024) }),
    ...(sha256 === undefined ? {} : { sha256 }),
  }
}

function objectOf(input: unknown, what: string, members: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new TypeError(`${what}: expected an object`)
  const stranger = Object.keys(input).find((name) => !members.includes(name))
  if (stranger !== undefined)
    throw new TypeError(
      `${what}: there is no member ${JSON.stringify(stranger.slice(0, 64))}; known are ${members.join(', ')}`,
    )
  return input as Readonly<Record<string, unknown>>
}

function textOf(value: unknown, field: string, max: number): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= max) return value
  throw new TypeError(`${field}: expected text of 1 to ${max} characters`)
}

function timeOf(value: unknown, field: string): string {
  const text =
    typeof value === 'string' ? /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z$/.exec(value)?.[0] : undefined
  const at = new Date(text ?? '')
  // The runtime takes the 30th of February for the 2nd of March.
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== text?.slice(0, 10))
    throw new TypeError(`${field}: expected a time in UTC such as 2027-01-31T00:00:00Z`)
  return at.toISOString()
}
