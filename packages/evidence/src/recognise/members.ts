import { jsonFault } from './json-error.ts'
import { isMembers } from './snp-structure.ts'

/** One member of an object, or of one in it. */
export interface Member {
  readonly name: string
  readonly value: unknown
  /** Names of the members, and positions in the lists, that it lies in, from the outside in. */
  readonly path: readonly string[]
}

const MAX_MEMBERS = 256
/** Longer lists are of values, and not of objects. */
const MAX_OBJECTS = 8

/**
 * The members of an object, and of the objects in it, those of short lists among them.
 *
 * @param depth 1 for its own alone
 * @param open what text is to be entered as: JSON in an encoding, say
 * @returns at most 256, the outermost first
 */
export function membersOf(
  value: unknown,
  depth: number,
  open: (text: string) => unknown = () => undefined,
): readonly Member[] {
  const found: Member[] = []
  let level = entriesOf(value, [])
  for (let i = 0; i < depth && level.length > 0 && found.length < MAX_MEMBERS; i++) {
    // A call takes a hundred thousand arguments on some runtimes only.
    level = level.slice(0, MAX_MEMBERS)
    found.push(...level)
    level = level.flatMap(({ name, value: one, path }) => {
      const inner = typeof one === 'string' ? open(one) : one
      return entriesOf(inner, [...path, name])
    })
  }
  return found.slice(0, MAX_MEMBERS)
}

function entriesOf(value: unknown, path: readonly string[]): readonly Member[] {
  if (isMembers(value)) return Object.entries(value).map(([name, one]) => ({ name, value: one, path }))
  if (!Array.isArray(value) || value.length > MAX_OBJECTS) return []
  return value.flatMap((one: unknown, i) => (isMembers(one) ? entriesOf(one, [...path, String(i)]) : []))
}

/** Whether a member is another one, or lies in it. */
export function isWithin(one: Member, outer: Member): boolean {
  const whole = [...outer.path, outer.name]
  const own = [...one.path, one.name]
  return whole.every((name, i) => own[i] === name)
}

/**
 * A value without some of its members, and without what these were all of. Where one was taken out of an encoding, JSON text
 * of what is left in it stands in its place.
 *
 * @param open as for {@link membersOf}
 */
export function withoutMembers(
  value: unknown,
  taken: readonly Member[],
  open: (text: string) => unknown = () => undefined,
  path: readonly string[] = [],
): unknown {
  if (Array.isArray(value)) {
    // Numbers and names that were beside what is taken out of an element go with it; evidence is longer.
    const left = value.flatMap((one: unknown, i) =>
      leftIn(one, { name: String(i), value: one, path }, taken, open).filter((kept) => kept === one || isLong(kept)),
    )
    return left.length === 0 ? undefined : left
  }
  if (!isMembers(value)) return value
  const kept = Object.entries(value).flatMap(([name, one]) =>
    leftIn(one, { name, value: one, path }, taken, open).map((left) => [name, left] as const),
  )
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

const LONG = 50

/** Whether text or a list of so many characters or values is in it. */
function isLong(value: unknown): boolean {
  if (typeof value === 'string') return value.length >= LONG
  if (Array.isArray(value)) return value.length >= LONG || value.some(isLong)
  if (!isMembers(value)) return false
  const inside = Object.values(value)
  return inside.length >= LONG || inside.some(isLong)
}

/** What is left of one member or element: nothing, or one value. */
function leftIn(
  one: unknown,
  member: Member,
  taken: readonly Member[],
  open: (text: string) => unknown,
): readonly unknown[] {
  const within = taken.filter((each) => isWithin(each, member))
  if (within.length === 0) return [one]
  if (within.some((each) => isWithin(member, each))) return []
  const inner = typeof one === 'string' ? open(one) : one
  const left = withoutMembers(inner, within, open, [...member.path, member.name])
  if (left === undefined) return []
  return [typeof one === 'string' ? JSON.stringify(left) : left]
}

/** A JSON object in text, as it is or in base64; undefined for other text. */
export function objectIn(text: string, decode: (text: string) => Uint8Array | undefined): unknown {
  if (text.length < 2 || text.length > MAX_TEXT) return undefined
  // `{` and what may follow it begins so in base64.
  const bytes = /^\s*e[w3yz][\w+/-]/.test(text) ? decode(text) : undefined
  const json = bytes === undefined ? text : new TextDecoder().decode(bytes)
  if (!/^\s*\{/.test(json) || jsonFault(json) !== undefined) return undefined
  return JSON.parse(json)
}

const MAX_TEXT = 2 * 1024 * 1024

/** Whether a list of numbers begins so. */
export function beginsWith(value: unknown, start: readonly number[]): boolean {
  return Array.isArray(value) && value.length > start.length && start.every((byte, i) => value[i] === byte)
}
