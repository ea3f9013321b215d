import { CLAIMS, CLAIMS_BY_PATH, type ClaimRow } from '../claims/table.ts'
import type { PolicyContext } from '../model.ts'
import { nearestOf } from '../policy/nearest.ts'
import type { PolicyCase } from './test-policies.ts'

type Members = Readonly<Record<string, unknown>>

const MAX_CASES = 10_000
const MEMBERS: readonly string[] = ['name', 'action', 'namespace', 'resource', 'workload', 'context', 'permitted', 'by']

/** What a case's context holds unless it says otherwise: evidence as it should be, of no reference set. */
const USUAL: Omit<PolicyContext, 'tee'> = {
  vendor: 'amd',
  isolation: 'vm',
  hardware: true,
  emulated: false,
  debug: false,
  measurement: '',
  tcb: { advisories: [], components: {} },
  registers: {},
  parts: [],
  verdict: { outcome: 'verified', authenticity: 'proven', waived: [] },
  references: [],
  status: 'affirming',
  vector: {},
  now: '2026-01-01T00:00:00.000Z',
}

/**
 * Reads tests of policies from JSON: a list of cases, or `{ "cases": [ … ] }`. A case needs `name`,
 * `resource`, `permitted` and `context.tee`; every other claim is that of verified evidence on genuine
 * hardware, met by no reference set, decided on at the start of 2026.
 *
 * @throws TypeError that names the case and the member
 */
export function readPolicyCases(input: unknown): readonly PolicyCase[] {
  const list = isMembers(input) && Object.keys(input).join() === 'cases' ? input['cases'] : input
  if (!Array.isArray(list) || list.length > MAX_CASES)
    throw new TypeError(`cases: expected a list of at most ${MAX_CASES} cases`)
  return list.map((one: unknown, i) => readCase(one, `cases[${i}]`))
}

function readCase(input: unknown, at: string): PolicyCase {
  if (!isMembers(input)) throw new TypeError(`${at}: expected an object`)
  const stranger = Object.keys(input).find((name) => !MEMBERS.includes(name))
  if (stranger !== undefined)
    throw new TypeError(`${at}: there is no member ${shown(stranger)}; known are ${MEMBERS.join(', ')}`)
  const { action, by, permitted } = input
  if (typeof permitted !== 'boolean') throw new TypeError(`${at}.permitted: expected true or false`)
  if (action !== undefined && action !== 'release' && action !== 'renew')
    throw new TypeError(`${at}.action: expected release or renew`)
  if (by !== undefined && !isTexts(by)) throw new TypeError(`${at}.by: expected a list of ids of statements`)
  return {
    name: textOf(input['name'], `${at}.name`),
    resource: textOf(input['resource'], `${at}.resource`),
    permitted,
    context: readContext(input['context'], `${at}.context`),
    ...(action === undefined ? {} : { action }),
    ...(by === undefined ? {} : { by }),
    ...optionalText('namespace', input, at),
    ...optionalText('workload', input, at),
  }
}

function optionalText<N extends 'namespace' | 'workload'>(
  name: N,
  input: Members,
  at: string,
): Partial<Record<N, string>> {
  const made: Partial<Record<N, string>> = {}
  if (input[name] !== undefined) made[name] = textOf(input[name], `${at}.${name}`)
  return made
}

function readContext(input: unknown, at: string): PolicyContext {
  if (!isMembers(input)) throw new TypeError(`${at}: expected an object of claims`)
  checkClaims(input, '', at)
  if (input['tee'] === undefined) throw new TypeError(`${at}.tee: expected the kind of evidence`)
  const merged: Record<string, unknown> = { ...USUAL, ...input }
  for (const name of ['tcb', 'verdict'] as const) {
    const given = input[name]
    merged[name] = { ...USUAL[name], ...(isMembers(given) ? given : {}) }
  }
  // Every required claim has a value of its type now: the usual one, or one that was checked.
  return merged as unknown as PolicyContext
}

function checkClaims(claims: Members, prefix: string, at: string): void {
  for (const [name, value] of Object.entries(claims)) {
    const path = `${prefix}${name}`
    const row = CLAIMS_BY_PATH.get(path)
    if (row !== undefined) checkClaim(row, value, at)
    else if (isMembers(value) && CLAIMS.some((one) => one.path.startsWith(`${path}.`)))
      checkClaims(value, `${path}.`, at)
    else throw strange(path, at)
  }
}

function strange(path: string, at: string): TypeError {
  const near = nearestOf(
    path,
    CLAIMS.map((one) => one.path),
  )
  return new TypeError(`${at}: there is no claim ${shown(path)}${near === undefined ? '' : `; did you mean ${near}?`}`)
}

function checkClaim({ path, type, values }: ClaimRow, value: unknown, at: string): void {
  const isRight =
    type === 'Set<String>'
      ? isTexts(value)
      : type === 'Long'
        ? Number.isSafeInteger(value)
        : type === 'Bool'
          ? typeof value === 'boolean'
          : type === 'datetime'
            ? typeof value === 'string' && !Number.isNaN(new Date(value).getTime())
            : typeof value === 'string'
  if (!isRight) throw new TypeError(`${at}.${path}: expected ${TYPE_WORDS[type]}`)
  if (typeof value === 'string' && values !== undefined && !values.includes(value))
    throw new TypeError(`${at}.${path}: expected one of ${values.join(', ')}`)
}

const TYPE_WORDS: Readonly<Record<ClaimRow['type'], string>> = {
  String: 'text',
  Long: 'a whole number',
  Bool: 'true or false',
  datetime: 'a time in ISO 8601',
  'Set<String>': 'a list of texts',
}

function textOf(value: unknown, field: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 1024) return value
  throw new TypeError(`${field}: expected text of 1 to 1024 characters`)
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 64))
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
