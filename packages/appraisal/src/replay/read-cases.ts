import { CLAIMS, CLAIMS_BY_PATH, type ClaimRow } from '../claims/table.ts'
import type { PolicyContext } from '../model.ts'
import { nearestClaim } from '../policy/messages.ts'
import { isRecord } from '../record.ts'
import type { PolicyCase } from './test-policies.ts'

type Members = Readonly<Record<string, unknown>>

const MAX_CASES = 10_000
const MEMBERS: readonly string[] = [
  'name',
  'action',
  'namespace',
  'resource',
  'workload',
  'context',
  'platform',
  'known',
  'permitted',
  'by',
]

/** The platform of a case: what is left out is as it should be. */
export interface CasePlatform {
  /** As the emulator names it: snp, tdx, … */
  readonly kind: string
  readonly product?: string
  /** Launch measurement, hex. */
  readonly measurement?: string
  /** Launched so that its host may look into it. */
  readonly debug?: boolean
  /** Levels of its firmware, by part; those that are not named are the newest. */
  readonly tcb?: Readonly<Record<string, number>>
  /** The host hides the chip id. */
  readonly maskedId?: boolean
  /** Its evidence is bound to something else than it was asked for. */
  readonly wrongBinding?: boolean
  /** Parts of its vendor's chain that are revoked, and that ran out, as the emulator names them. */
  readonly revoked?: readonly string[]
  readonly expired?: readonly string[]
}

/** A test of policies as it is written: with its claims, or with a platform whose evidence gives them. */
export type WrittenCase = Omit<PolicyCase, 'context'> &
  (
    | { readonly context: PolicyContext }
    | {
        readonly platform: CasePlatform
        /** Whether the platform's values are among the reference values. */
        readonly known: boolean
      }
  )

/** What policies see of a platform's evidence. */
export interface PlayedPlatform {
  readonly context: PolicyContext
  /** Why the evidence would be refused whatever a policy says, in plain sentences with the ids of checks; none when it would not. */
  readonly faults?: readonly string[]
}

/** Has a platform attest. @throws TypeError naming what is wrong, for one that there is none of */
export type PlatformPlay = (platform: CasePlatform, known: boolean, resource: string) => Promise<PlayedPlatform>

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
 * Reads tests of policies from JSON: a list of cases, or `{ "cases": [ … ] }`. A case needs `name`, `resource`, `permitted`,
 * and either `context.tee` or `platform.kind`; every claim that a context does not name is that of verified evidence on
 * genuine hardware, met by no reference set, decided on at the start of 2026.
 *
 * @throws TypeError that names the case and the member
 */
export function readPolicyCases(input: unknown): readonly WrittenCase[] {
  const list = isRecord(input) && Object.keys(input).join() === 'cases' ? input['cases'] : input
  if (!Array.isArray(list) || list.length > MAX_CASES)
    throw new TypeError(`cases: expected a list of at most ${MAX_CASES} cases`)
  return list.map((one: unknown, i) => readCase(one, `cases[${i}]`))
}

/**
 * The cases with the claims of all of them.
 *
 * @throws TypeError that names the case, for a platform that `play` has none of
 */
export async function playCases(written: readonly WrittenCase[], play: PlatformPlay): Promise<readonly PolicyCase[]> {
  const cases: PolicyCase[] = []
  for (const [i, one] of written.entries()) {
    if ('context' in one) {
      cases.push(one)
      continue
    }
    const { platform, known, ...rest } = one
    try {
      cases.push({ ...rest, ...(await play(platform, known, one.resource)) })
    } catch (error) {
      if (error instanceof TypeError) throw new TypeError(`cases[${i}].platform: ${error.message}`, { cause: error })
      throw error
    }
  }
  return cases
}

function readCase(input: unknown, at: string): WrittenCase {
  if (!isRecord(input)) throw new TypeError(`${at}: expected an object`)
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
    ...readClaims(input, at),
    ...(action === undefined ? {} : { action }),
    ...(by === undefined ? {} : { by }),
    ...optionalText('namespace', input, at),
    ...optionalText('workload', input, at),
  }
}

function readClaims(
  { context, platform, known }: Members,
  at: string,
): { context: PolicyContext } | { platform: CasePlatform; known: boolean } {
  if ((context === undefined) === (platform === undefined))
    throw new TypeError(`${at}: expected either \`platform\` or \`context\``)
  if (platform === undefined) {
    if (known !== undefined) throw new TypeError(`${at}.known: says whether a \`platform\` is known; there is none`)
    return { context: readContext(context, `${at}.context`) }
  }
  if (known !== undefined && typeof known !== 'boolean') throw new TypeError(`${at}.known: expected true or false`)
  return { platform: readPlatform(platform, `${at}.platform`), known: known ?? true }
}

const PLATFORM_TEXTS = ['product', 'measurement'] as const
const PLATFORM_FLAGS = ['debug', 'maskedId', 'wrongBinding'] as const
const PLATFORM_LISTS = ['revoked', 'expired'] as const
const MAX_PARTS = 16

function readPlatform(input: unknown, at: string): CasePlatform {
  if (!isRecord(input) || typeof input['kind'] !== 'string')
    throw new TypeError(`${at}: expected an object with a \`kind\`: snp, tdx, …`)
  const members = ['kind', ...PLATFORM_TEXTS, ...PLATFORM_FLAGS, 'tcb', ...PLATFORM_LISTS]
  const stranger = Object.keys(input).find((name) => !members.includes(name))
  if (stranger !== undefined)
    throw new TypeError(`${at}: there is no member ${shown(stranger)}; known are ${members.join(', ')}`)
  const flags = PLATFORM_FLAGS.flatMap((name) => {
    const flag = input[name]
    if (flag !== undefined && typeof flag !== 'boolean') throw new TypeError(`${at}.${name}: expected true or false`)
    return flag === undefined ? [] : [[name, flag] as const]
  })
  const lists = PLATFORM_LISTS.flatMap((name) => {
    const list = input[name]
    if (list !== undefined && !(isTexts(list) && list.length <= MAX_PARTS))
      throw new TypeError(`${at}.${name}: expected a list of at most ${MAX_PARTS} parts`)
    return list === undefined ? [] : [[name, list] as const]
  })
  const { tcb } = input
  if (tcb !== undefined && !isLevels(tcb))
    throw new TypeError(`${at}.tcb: expected an object from part to level, a whole number`)
  const texts = PLATFORM_TEXTS.flatMap((name) =>
    input[name] === undefined ? [] : [[name, textOf(input[name], `${at}.${name}`)] as const],
  )
  return {
    kind: textOf(input['kind'], `${at}.kind`),
    ...Object.fromEntries([...texts, ...flags, ...lists]),
    ...(tcb === undefined ? {} : { tcb }),
  }
}

function isLevels(value: unknown): value is Readonly<Record<string, number>> {
  return isRecord(value) && Object.values(value).every(Number.isSafeInteger)
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
  if (!isRecord(input)) throw new TypeError(`${at}: expected an object of claims`)
  checkClaims(input, '', at)
  if (input['tee'] === undefined) throw new TypeError(`${at}.tee: expected the kind of evidence`)
  const merged: Record<string, unknown> = { ...USUAL, ...input }
  for (const name of ['tcb', 'verdict'] as const) {
    const given = input[name]
    merged[name] = { ...USUAL[name], ...(isRecord(given) ? given : {}) }
  }
  // Every required claim has a value of its type now: the usual one, or one that was checked.
  return merged as unknown as PolicyContext
}

function checkClaims(claims: Members, prefix: string, at: string): void {
  for (const [name, value] of Object.entries(claims)) {
    const path = `${prefix}${name}`
    const row = CLAIMS_BY_PATH.get(path)
    if (row !== undefined) checkClaim(row, value, at)
    else if (isRecord(value) && CLAIMS.some((one) => one.path.startsWith(`${path}.`)))
      checkClaims(value, `${path}.`, at)
    else throw unknownClaim(path, at)
  }
}

function unknownClaim(path: string, at: string): TypeError {
  const near = nearestClaim(path)
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
