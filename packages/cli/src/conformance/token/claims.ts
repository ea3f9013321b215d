import type { JsonValue } from '../case.ts'
import { isRecord } from '../json.ts'

const MAX_DEPTH = 8

/**
 * The claim that a case means by a name of its own: `mrtd` is `tdx_mrtd`, `restartPolicy` is `restart_policy`,
 * wherever in the token it is. A claim of exactly that name goes before one that ends in it.
 *
 * @returns undefined when there is none, or when several of different value have the name
 */
export function claimNamed(claims: JsonValue, name: string): JsonValue | undefined {
  const wanted = letters(name)
  const all = named(claims, 0)
  return only(all.filter(([one]) => one === wanted)) ?? only(all.filter(([one]) => one.endsWith(wanted)))
}

// Case and separators differ between who names claims and who names fields.
function letters(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

function named(value: JsonValue, depth: number): readonly (readonly [string, JsonValue])[] {
  if (!isRecord(value) || depth === MAX_DEPTH) return []
  return Object.entries(value).flatMap(([name, one]) => [[letters(name), one] as const, ...named(one, depth + 1)])
}

function only(found: readonly (readonly [string, JsonValue])[]): JsonValue | undefined {
  const [first, ...others] = found.map(([, value]) => value)
  const text = JSON.stringify(first)
  return others.every((one) => JSON.stringify(one) === text) ? first : undefined
}
