import type { Cedar } from '../cedar/cedar.ts'

/** Policy sets that Cedar holds ready, at most; it forgets one only when another takes its name. */
const PLACES = 2048

/** A policy set to be held ready. */
export interface PreparedSet {
  /** Statements by the name that answers use. */
  readonly texts: Readonly<Record<string, string>>
}

const holders: (PreparedSet | undefined)[] = []
const places: WeakMap<PreparedSet, number> = new WeakMap()
let next = 0

/**
 * Name under which Cedar holds a set ready; prepares it if it is not held, in place of the one that was
 * prepared longest ago.
 *
 * @throws Error when Cedar cannot read it
 */
export function preparedName(cedar: Cedar, set: PreparedSet): string {
  const known = places.get(set)
  if (known !== undefined && holders[known] === set) return `sekisho-${known}`
  const place = next
  next = (next + 1) % PLACES
  holders[place] = undefined
  const name = `sekisho-${place}`
  const answer = cedar.preparsePolicySet(name, { staticPolicies: { ...set.texts } })
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message ?? 'the policies cannot be prepared')
  holders[place] = set
  places.set(set, place)
  return name
}
