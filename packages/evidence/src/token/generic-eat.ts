import { isList, type Json, type JsonObject, memberOf, textOf, textsOf } from '../core/json.ts'
import { eatFaults, MOST_SUBMODULES, submodulesBelow, ueidOf } from '../eat/eat.ts'
import { DEBUG_STATES } from '../eat/names.ts'
import { NOTHING, quoted, type Statement } from './statement-model.ts'

/** Reads an entity attestation token of which no service is known. @see RFC 9711, section 4 */
export function eat(claims: JsonObject): Statement {
  const { sets, closed, tooMany } = submodulesBelow(claims)
  const submodules = sets.map(([path, one]) => [path.join('/'), one] as const)
  const all = [['', claims] as const, ...submodules]
  const results = all.flatMap(([name, one]) => resultsOf(name, one))
  const named = (wanted: readonly Json[]): readonly string[] =>
    results.filter(([, result]) => wanted.includes(result)).map(([name]) => name)
  const debuggable = submodules.filter(([, one]) => memberOf(one, 'dbgstat') !== undefined && !isDisabled(one))
  const silent = submodules.filter(([, one]) => memberOf(one, 'dbgstat') === undefined)
  return {
    ...NOTHING,
    attested: textOf(claims, 'eat_profile') ?? '',
    debug: !isDisabled(claims),
    nonces: textsOf(memberOf(claims, 'eat_nonce')),
    faults: [
      ...all.flatMap(([name, one]) =>
        eatFaults(one).map((fault) => (name === '' ? fault : `${quoted(name)}/${fault}`)),
      ),
      ...(tooMany ? [`more than ${MOST_SUBMODULES} submodules`] : []),
    ],
    eat: {
      ueid: ueidOf(claims),
      oemBoot: oemBootOf(claims),
      debuggable: debuggable.map(([name]) => name),
      silent: silent.map(([name]) => name),
      closed: closed.map((path) => path.join('/')),
      failed: named(['fail', 2]),
      unmade: named(['not-run', 3, 'absent', 4]),
      results: results.length,
      submodules,
    },
  }
}

// Absent, it may be any: RFC 9711, section 4.2.9.
function isDisabled(claims: JsonObject): boolean {
  return DEBUG_STATES.slice(1).includes(textOf(claims, 'dbgstat') ?? '')
}

function oemBootOf(claims: JsonObject): boolean | undefined {
  const value = memberOf(claims, 'oemboot')
  return typeof value === 'boolean' ? value : undefined
}

// [[system, [[id, result]…]]…]; another form is a fault of its own.
function resultsOf(submodule: string, claims: JsonObject): readonly (readonly [name: string, result: Json])[] {
  return listOf(memberOf(claims, 'measres')).flatMap((group) => {
    const [system, results] = listOf(group)
    return listOf(results).map((one) => {
      const [id, result] = listOf(one)
      const where = submodule === '' ? '' : ` of ${quoted(submodule)}`
      return [`${quoted(textsOf(id)[0])} by ${quoted(textsOf(system)[0])}${where}`, result ?? null] as const
    })
  })
}

function listOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : []
}

/** Claims that say what a device is and runs: the same in each of its tokens, until somebody changes it. */
const LASTING: readonly string[] = [
  ...['oemid', 'hwmodel', 'hwversion', 'swname', 'swversion', 'manifests', 'measurements', 'dloas', 'intuse'],
]

/** All claims of RFC 9711 that a verdict shows. */
const SHOWN: readonly string[] = [
  ...['ueid', 'sueids', ...LASTING, 'oemboot', 'dbgstat', 'uptime', 'bootcount', 'bootseed', 'measres'],
]

/** Claims as texts of up to 256 characters: text as it is, all else as JSON. */
export function shownClaims(claims: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    SHOWN.flatMap((name) => {
      const value = memberOf(claims, name)
      if (value === undefined) return []
      return [[name, (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 256)]]
    }),
  )
}

/** Claims that may be expected of the next token of the same device too, by name or by JSON pointer. */
export function lastingClaims(claims: JsonObject): readonly (readonly [name: string, value: Json])[] {
  const below = submodulesBelow(claims).sets.flatMap(([path, one]) => {
    const pointer = path.map((name) => `/submods/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
    return lasting(one).map(([name, value]) => [`${pointer}/${name}`, value] as const)
  })
  return [...lasting(claims), ...below]
}

function lasting(claims: JsonObject): readonly (readonly [string, Json])[] {
  return LASTING.flatMap((name) => {
    const value = memberOf(claims, name)
    return value === undefined ? [] : [[name, value] as const]
  })
}
