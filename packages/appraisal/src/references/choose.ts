import { canonicalJson, type Tee } from '@sekisho/evidence'
import type { ReferenceSet } from '../model.ts'
import { isRecord } from '../record.ts'

/** The set to verify with, or the one that comes nearest. */
export interface ReferenceChoice {
  /** Unexpired, and nothing that could be compared differs; of several the one that compares most. */
  readonly matched?: ReferenceSet
  /** When none matched: the one with the fewest differences. */
  readonly nearest?: ReferenceSet
  /** Members of `nearest` that the evidence does not meet: `measurement`, `pcrs.7`, `minTcb.snp`, `expires`. */
  readonly differs: readonly string[]
  /** Of members of `matched` that accept several values and were compared: those that the evidence has; none when absent. */
  readonly met?: MetValues
}

/** From a member with several accepted values, as `measurement` or `pcrs.7`, to those that evidence had. */
export type MetValues = Readonly<Record<string, readonly string[]>>

type Values = Readonly<Record<string, unknown>>

/** What came of comparing one set. */
interface Compared {
  readonly set: ReferenceSet
  readonly same: number
  readonly met: MetValues
  readonly differs: readonly string[]
}

/**
 * Chooses the set that evidence is verified with. This only chooses: whether the evidence meets the set
 * is for the verifier to say, which also compares what `skeleton` does not tell.
 *
 * @param skeleton what the evidence would meet: members of its TEE's expectations with their values
 * @param sets of any TEE; those of others are not looked at. Expired sets never match
 */
export function chooseReference(tee: Tee, skeleton: Values, sets: readonly ReferenceSet[], at: Date): ReferenceChoice {
  const compared = sets.filter((set) => set.tee === tee).map((set) => compare(set, skeleton, at))
  const [best] = compared.filter(({ differs }) => differs.length === 0).sort((a, b) => b.same - a.same)
  if (best !== undefined) {
    const { set: matched, met } = best
    return { matched, differs: [], ...(Object.keys(met).length === 0 ? {} : { met }) }
  }
  const [nearest] = compared.sort((a, b) => a.differs.length - b.differs.length || b.same - a.same)
  return nearest === undefined ? { differs: [] } : { nearest: nearest.set, differs: nearest.differs }
}

/** Whether a set's time is over. */
export function isExpired({ expires }: ReferenceSet, at: Date): boolean {
  return expires !== undefined && !(at.getTime() < new Date(expires).getTime())
}

function compare(set: ReferenceSet, skeleton: Values, at: Date): Compared {
  const known = inBank(set.values, skeleton)
  const found = Object.entries(set.values).flatMap(([name, wanted]) => compareMember(name, wanted, known[name]))
  const differs = found.filter(({ isSame }) => !isSame).map(({ name }) => name)
  return {
    set,
    same: found.length - differs.length,
    met: Object.fromEntries(found.flatMap(({ name, met }) => (met === undefined ? [] : [[name, met]]))),
    differs: isExpired(set, at) ? [...differs, 'expires'] : differs,
  }
}

/** Of what a TPM quotes in several banks, the one that values go by: the bank that they name, or the one that is taken where none is named. */
function inBank({ bank: wanted }: Values, { banks, ...found }: Values): Values {
  if (!isRecord(banks)) return found
  const bank = typeof wanted === 'string' && Object.hasOwn(banks, wanted) ? wanted : found['bank']
  const isWanted = wanted === undefined || wanted === bank
  return { ...found, bank, pcrs: isWanted && typeof bank === 'string' ? banks[bank] : {} }
}

interface MemberFinding {
  readonly name: string
  readonly isSame: boolean
  /** Of several accepted values, those that were found. */
  readonly met?: readonly string[]
}

/** Members that a skeleton leaves out when the evidence has only zeros there. */
const ZERO_WHEN_ABSENT = /^(?:rtmr[0-3]|rem[0-3]|hostData)$/

/** Members all of whose values must be there; of others, each value that is there must be one of them. */
const ALL_WANTED = /^(?:appraisals|supportAttributes)$/

function compareMember(name: string, wanted: unknown, found: unknown): readonly MemberFinding[] {
  if (name === 'claims') return compareClaims(wanted, found)
  if (isRecord(wanted)) return isRecord(found) ? compareMembers(name, wanted, found) : []
  if (Array.isArray(wanted)) return compareList(name, wanted, found)
  if (found === undefined || typeof wanted !== typeof found) return []
  if (!/(?:^|\.)min[A-Z]/.test(name)) return [{ name, isSame: comparable(wanted) === comparable(found) }]
  return typeof wanted === 'number' && typeof found === 'number' ? [{ name, isSame: found >= wanted }] : []
}

// Claims of a token are the same or another value: none is a list of accepted ones, a lowest one or a name without case.
function compareClaims(wanted: unknown, found: unknown): readonly MemberFinding[] {
  if (!isRecord(wanted) || !isRecord(found)) return []
  return Object.entries(wanted).flatMap(([claim, value]) => {
    const told = Object.hasOwn(found, claim) ? found[claim] : undefined
    if (told === undefined) return []
    return [{ name: `claims.${claim}`, isSame: canonicalJson(value) === canonicalJson(told) }]
  })
}

function compareMembers(name: string, wanted: Values, skeleton: Values): readonly MemberFinding[] {
  const found = inBank(wanted, skeleton)
  return Object.entries(wanted).flatMap(([key, value]) => {
    // A register that is named and not quoted is one that differs.
    if (found[key] === undefined && /(?:^|\.)pcrs$/.test(name)) return [{ name: `${name}.${key}`, isSame: false }]
    return compareMember(`${name}.${key}`, value, found[key])
  })
}

function compareList(name: string, wanted: readonly unknown[], found: unknown): readonly MemberFinding[] {
  const accepted = wanted.map(comparable)
  const several = (isMet: (value: string) => boolean): Pick<MemberFinding, 'met'> =>
    accepted.length < 2 ? {} : { met: accepted.filter(isMet) }
  if (found === undefined) {
    if (!ZERO_WHEN_ABSENT.test(name)) return []
    const isZero = (value: string): boolean => /^0*$/.test(value)
    return [{ name, isSame: accepted.some(isZero), ...several(isZero) }]
  }
  const values = (Array.isArray(found) ? found : [found]).map(comparable)
  const isSame = ALL_WANTED.test(name)
    ? accepted.every((value) => values.includes(value))
    : values.length > 0 && values.every((value) => accepted.includes(value))
  return [{ name, isSame, ...several((value) => values.includes(value)) }]
}

/** Of members that accept several values, those values that no evidence met, by what all evidence met of them. */
export function unmetValues(
  { values }: Pick<ReferenceSet, 'values'>,
  met: MetValues,
): readonly { readonly member: string; readonly value: string }[] {
  return Object.entries(met).flatMap(([member, seen]) => {
    const wanted = memberOf(values, member)
    if (!Array.isArray(wanted)) return []
    return wanted.map(comparable).flatMap((value) => (seen.includes(value) ? [] : [{ member, value }]))
  })
}

/** Names of members have no dot of their own. */
function memberOf(values: Values, path: string): unknown {
  let found: unknown = values
  for (const name of path.split('.')) found = isRecord(found) && Object.hasOwn(found, name) ? found[name] : undefined
  return found
}

function comparable(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : JSON.stringify(value)
}
