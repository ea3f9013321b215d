import { type CborItem, type CborMap, entryOf } from '../cbor/item.ts'
import { arrayOf, bytesOf, integerOf, textOf, wrongItem } from '../cbor/typed.ts'
import { toHex } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import type { CorimMeasurement } from './document.ts'

/** Members of a measurement-values-map that are read here. @see draft-ietf-rats-corim, section 5.1.4.1.4 */
export const MVAL = { version: 0, svn: 1, digests: 2, flags: 3, rawValue: 4, rawValueMask: 5, registers: 14 } as const

/** Algorithms of digests: IANA's number and name, and the length in bytes. */
export const DIGEST = {
  sha256: { id: 1, name: 'sha-256', length: 32 },
  sha384: { id: 7, name: 'sha-384', length: 48 },
} as const
export type DigestKind = (typeof DIGEST)[keyof typeof DIGEST]

const TAG = { svn: 552, minSvn: 553, bytes: 560, maskedRaw: 563, numeric: 60_010, digests: 60_020 } as const
const OPERATOR = { greaterOrEqual: 2, member: 6 } as const
const MAX_DIGESTS = 1024

/** Refuses members of a measurement that nothing here compares: stepping over one would loosen it. @throws EvidenceError */
export function onlyValues({ mval, at }: CorimMeasurement, known: readonly number[], what: string): void {
  for (const { key } of mval.entries)
    if (!known.includes(Number(key.value)) || key.type !== 'integer')
      throw refuse(
        `${at}.mval`,
        `the member ${String(key.value).slice(0, 64)}, which nothing compares for ${what}`,
        known.length === 0 ? 'no value' : `members ${known.join(', ')} alone`,
        key.offset,
        'unsupported-kind',
      )
}

/** The lowest SVN that is accepted, from tag 553. An exact one is refused: later ones would be accepted too. @throws EvidenceError */
export function lowestSvn(item: CborItem, at: string, bits: 32 | 64): bigint {
  const number = item.type === 'tag' && item.tag === TAG.minSvn ? item.item : undefined
  if (number?.type !== 'integer') throw wrongItem(item, at, `a lowest SVN (tag ${TAG.minSvn})`, svnText(item))
  const value = BigInt(number.value)
  if (value < 0n || value >> BigInt(bits) !== 0n) throw wrongItem(number, at, `an SVN of ${bits} bits`)
  return value
}

function svnText(item: CborItem): string {
  const isExact = item.type === 'integer' || (item.type === 'tag' && item.tag === TAG.svn)
  return isExact ? 'an exact SVN, which cannot be compared' : 'no lowest SVN'
}

/** A number that Intel's profile asks to be reached: tag 60010 with the operator `ge`, or tag 553. @throws EvidenceError */
export function lowestNumber(item: CborItem, at: string, max: number): number {
  if (item.type === 'tag' && item.tag === TAG.minSvn) return integerOf(item.item, at, 0, max)
  const expected = `a lowest number (tag ${TAG.numeric} with the operator ge, or tag ${TAG.minSvn})`
  if (item.type !== 'tag' || item.tag !== TAG.numeric) throw wrongItem(item, at, expected)
  const [operator, value] = arrayOf(item.item, at, 2, 2).items as [CborItem, CborItem]
  if (operator.type !== 'integer' || operator.value !== OPERATOR.greaterOrEqual)
    throw wrongItem(item, at, expected, 'another operator')
  return integerOf(value, at, 0, max)
}

/** The one digest of a list. @throws EvidenceError for none, several, or one of another algorithm */
export function oneDigest(item: CborItem, at: string, kind: DigestKind): string {
  const digest = digestOf(arrayOf(item, at, 1, 1).items[0] as CborItem, `${at}[0]`)
  if (digest.isOf(kind)) return toHex(digest.value)
  throw wrongItem(item, at, `a digest of ${kind.name}`, 'a digest of another algorithm or length')
}

/**
 * Digests of which one must be met, in Intel's profile: one digest, a list of one, or a set of which the evidence's is
 * to be a member. Members of other algorithms are met by nothing, and left out.
 *
 * @throws EvidenceError
 * @see draft-cds-rats-intel-corim-profile, sections 8.2.5 and 8.3.5
 */
export function acceptedDigests(item: CborItem, at: string, kind: DigestKind): readonly string[] {
  if (item.type === 'tag' && item.tag === TAG.digests) {
    const [operator, set] = arrayOf(item.item, at, 2, 2).items as [CborItem, CborItem]
    if (operator.type !== 'integer' || operator.value !== OPERATOR.member)
      throw wrongItem(item, at, 'the operator member', 'another operator')
    const digests = arrayOf(set, at, 1, MAX_DIGESTS).items.map((one, i) => digestOf(one, `${at}[${i}]`))
    const usable = digests.filter((one) => one.isOf(kind)).map(({ value }) => toHex(value))
    if (usable.length === 0) throw wrongItem(item, at, `a digest of ${kind.name}`, 'digests of other algorithms')
    return [...new Set(usable)]
  }
  const isOne = item.type === 'array' && item.items[0]?.type !== 'array'
  if (!isOne) return [oneDigest(item, at, kind)]
  const digest = digestOf(item, at)
  if (digest.isOf(kind)) return [toHex(digest.value)]
  throw wrongItem(item, at, `a digest of ${kind.name}`, 'a digest of another algorithm or length')
}

interface Digest {
  readonly value: Uint8Array
  isOf(kind: DigestKind): boolean
}

function digestOf(item: CborItem, at: string): Digest {
  const [algorithm, bytes] = arrayOf(item, at, 2, 2).items as [CborItem, CborItem]
  const value = bytesOf(bytes, at, 1, 64)
  const id = algorithm.type === 'text' ? textOf(algorithm, at, 1, 32) : integerOf(algorithm, at, -0xffff, 0xffff)
  return { value, isOf: (kind) => (id === kind.id || id === kind.name) && value.length === kind.length }
}

/** A raw value and the mask over it; the bits that the mask has set are compared. */
export interface RawValue {
  readonly value: Uint8Array
  readonly mask: Uint8Array | undefined
}

/** A raw value of some length: bytes under tag 560 or another that is named, or masked ones under 563. @throws EvidenceError */
export function rawValue(mval: CborMap, at: string, length: number, tags: readonly number[] = []): RawValue {
  const item = entryOf(mval, MVAL.rawValue)
  const expected = `a raw value of ${length} bytes (tag ${TAG.bytes})`
  if (item?.type !== 'tag') throw wrongItem(item ?? mval, at, expected, item === undefined ? 'no raw value' : undefined)
  const beside = entryOf(mval, MVAL.rawValueMask)
  if (item.tag === TAG.maskedRaw && beside === undefined) {
    const [value, mask] = arrayOf(item.item, at, 2, 2).items as [CborItem, CborItem]
    return { value: bytesOf(value, at, length, length), mask: bytesOf(mask, at, length, length) }
  }
  if (item.tag !== TAG.bytes && !tags.includes(Number(item.tag))) throw wrongItem(item, at, expected)
  const value = bytesOf(item.item, at, length, length)
  if (beside === undefined) return { value, mask: undefined }
  const mask = beside.type === 'tag' && beside.tag === TAG.bytes ? beside.item : beside
  return { value, mask: bytesOf(mask, `${at}.raw-value-mask`, length, length) }
}

/** A raw value that is compared whole, as hex. @throws EvidenceError */
export function wholeRawValue(mval: CborMap, at: string, length: number, tags?: readonly number[]): string {
  const { value, mask } = rawValue(mval, at, length, tags)
  if (mask?.every((byte) => byte === 0xff) === false)
    throw wrongItem(mval, at, 'a value that is compared whole', 'a mask over it')
  return toHex(value)
}

/**
 * Bits of a masked word as flags by name. Every bit under the mask needs a name: another would not be compared.
 *
 * @param bits bit numbers by name
 * @throws EvidenceError
 */
export function flagsUnder(
  { value, mask }: RawValue,
  bits: Readonly<Record<string, number>>,
  at: string,
  offset: number,
): Readonly<Record<string, boolean>> {
  const names = new Map(Object.entries(bits).map(([name, bit]) => [bit, name]))
  const flags: Record<string, boolean> = {}
  for (let bit = 0; bit < 8 * value.length; bit++) {
    // Little-endian, as the structure has it.
    const [byte, shift] = [bit >> 3, bit & 7]
    if (mask !== undefined && (((mask[byte] as number) >> shift) & 1) === 0) continue
    const name = names.get(bit)
    if (name === undefined)
      throw refuse(
        at,
        `bit ${bit}, which nothing compares`,
        `a mask over bits ${[...names.keys()].join(', ')} at most`,
        offset,
        'unsupported-kind',
      )
    flags[name] = (((value[byte] as number) >> shift) & 1) === 1
  }
  return flags
}
