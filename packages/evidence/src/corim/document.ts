import { readWindow } from '../arm/corim.ts'
import type { CorimWindow } from '../arm/endorsed.ts'
import { decodeCbor } from '../cbor/decode.ts'
import { type CborItem, type CborMap, entryOf } from '../cbor/item.ts'
import { arrayOf, bytesOf, integerOf, mapOf, wrongItem } from '../cbor/typed.ts'
import { toHex } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { type CorimEnvironment, readEnvironment } from './environment.ts'
import { need, onlyMembers } from './members.ts'
import { readProfiles } from './profile.ts'

/** What a CoRIM says, before a profile says what it means. */
export interface CorimDocument extends CorimWindow {
  /** The profiles that it names: URIs, and OIDs in dotted form. */
  readonly profiles: readonly string[]
  readonly triples: readonly ReferenceTriple[]
  /** Paths of what holds no reference values, and was stepped over. */
  readonly unread: readonly string[]
}

/** One reference-triple-record: all of its measurements together are what is expected of its environment. */
export interface ReferenceTriple {
  /** Where it stands, such as `corim.tags[0].reference-triples[1]`. */
  readonly at: string
  readonly environment: CorimEnvironment
  readonly measurements: readonly CorimMeasurement[]
  readonly offset: number
}

/** One measurement-map. */
export interface CorimMeasurement {
  readonly at: string
  /** A number or text as it stands; undefined where there is none. */
  readonly mkey: number | string | undefined
  readonly mval: CborMap
  /** Whether it asks for certain keys behind the evidence. */
  readonly isAuthorized: boolean
  readonly offset: number
}

const TAG = { sign1: 18, coswid: 505, corim: 501, comid: 506, cotl: 508 } as const
const MAX_SIZE = 1024 * 1024
const MAX_ITEMS = 65_536
const MAX_TAGS = 1024
const MAX_TRIPLES = 1024
const MAX_MEASUREMENTS = 256

const CORIM_MEMBERS = ['id', 'tags', 'dependent-rims', 'profile', 'rim-validity', 'entities'] as const
const COMID_MEMBERS = ['language', 'tag-identity', 'entities', 'linked-tags', 'triples'] as const
/** Kinds of triples by their number; the first holds reference values. */
const TRIPLES: ReadonlyMap<number, string> = new Map([
  [0, 'reference-triples'],
  [1, 'endorsed-triples'],
  [2, 'identity-triples'],
  [3, 'attest-key-triples'],
  [4, 'dependency-triples'],
  [5, 'membership-triples'],
  [6, 'coswid-triples'],
  [8, 'conditional-endorsement-series-triples'],
])

/**
 * Reads an unsigned CoRIM of any profile, as far as reference values go. Members that are no part of the
 * format, a tag that replaces another, and tags of one identity are refused: what counts would be a guess.
 *
 * @throws EvidenceError that names the path
 * @see draft-ietf-rats-corim, sections 4 and 5
 */
export function readCorimDocument(bytes: Uint8Array): CorimDocument {
  const map = corimMap(bytes)
  onlyMembers(map, CORIM_MEMBERS, 'corim')
  const found: Found = { triples: [], unread: [], identities: new Set() }
  if (entryOf(map, 2) !== undefined) found.unread.push('corim.dependent-rims')
  const tags = arrayOf(need(map, 1, 'corim.tags'), 'corim.tags', 1, MAX_TAGS)
  for (const [i, tag] of tags.items.entries()) readTag(bytes, tag, `corim.tags[${i}]`, found)
  const { triples, unread } = found
  return { profiles: readProfiles(entryOf(map, 3)), triples, unread, ...readRimValidity(map) }
}

/** The profiles that a CoRIM names, and nothing else of it. @throws EvidenceError */
export function corimProfiles(bytes: Uint8Array): readonly string[] {
  return readProfiles(entryOf(corimMap(bytes), 3))
}

/** When a CoRIM counts, by its own word. @throws EvidenceError */
export function corimWindow(bytes: Uint8Array): CorimWindow {
  return readRimValidity(corimMap(bytes))
}

function readRimValidity(map: CborMap): CorimWindow {
  return readWindow(entryOf(map, 4), { from: 0, until: 1 }, 'corim.rim-validity')
}

function corimMap(bytes: Uint8Array): CborMap {
  if (bytes.length > MAX_SIZE)
    throw refuse('corim', `${bytes.length} bytes`, `at most ${MAX_SIZE} bytes`, MAX_SIZE, 'too-large')
  const item = decodeCbor(bytes, { field: 'corim', maxItems: MAX_ITEMS })
  if (item.type === 'tag' && item.tag === TAG.corim) return mapOf(item.item, 'corim')
  if (item.type === 'tag' && item.tag === TAG.sign1)
    throw refuse(
      'corim',
      'a signed CoRIM',
      'keys of those who may sign it: without them nobody vouches for it',
      0,
      'unsupported-kind',
    )
  throw wrongItem(item, 'corim', `tag ${TAG.corim}`)
}

interface Found {
  readonly triples: ReferenceTriple[]
  readonly unread: string[]
  readonly identities: Set<string>
}

function readTag(bytes: Uint8Array, item: CborItem, at: string, found: Found): void {
  const tag = item.type === 'tag' ? item.tag : undefined
  // A list of tags says which others count, and these are not asked of it.
  if (item.type !== 'tag' || tag === TAG.cotl)
    throw wrongItem(item, at, `a tag such as ${TAG.comid} (a list of tags, ${TAG.cotl}, is not read)`)
  if (tag !== TAG.comid) {
    found.unread.push(tag === TAG.coswid ? `${at} (CoSWID)` : `${at} (tag ${tag})`)
    return
  }
  const content = bytesOf(item.item, at, 1, MAX_SIZE)
  const bounds = { field: at, start: item.end - content.length, end: item.end, maxItems: MAX_ITEMS }
  readComid(mapOf(decodeCbor(bytes, bounds), at), at, found)
}

function readComid(comid: CborMap, at: string, found: Found): void {
  onlyMembers(comid, COMID_MEMBERS, at)
  const identity = mapOf(need(comid, 1, `${at}.tag-identity`), `${at}.tag-identity`)
  const id = nameOf(need(identity, 0, `${at}.tag-identity.tag-id`), `${at}.tag-identity.tag-id`)
  if (found.identities.has(id))
    throw refuse(`${at}.tag-identity`, 'the identity of an earlier tag', 'each identity once', identity.offset)
  found.identities.add(id)
  const links = entryOf(comid, 3)
  if (links !== undefined) assertSupplements(links, `${at}.linked-tags`)
  const triples = mapOf(need(comid, 4, `${at}.triples`), `${at}.triples`)
  for (const { key, value } of triples.entries) {
    const name = TRIPLES.get(Number(key.value))
    if (key.value === 0) readTriples(value, `${at}.reference-triples`, found)
    else found.unread.push(`${at}.${key.type === 'integer' && name !== undefined ? name : `triples.${key.value}`}`)
  }
}

// What another tag replaces would go on counting.
function assertSupplements(item: CborItem, at: string): void {
  for (const [i, link] of arrayOf(item, at, 1, MAX_TAGS).items.entries()) {
    const relation = need(mapOf(link, `${at}[${i}]`), 1, `${at}[${i}].tag-rel`)
    integerOf(relation, `${at}[${i}].tag-rel`, 0, 0)
  }
}

function readTriples(item: CborItem, at: string, found: Found): void {
  for (const [i, one] of arrayOf(item, at, 1, MAX_TRIPLES).items.entries()) {
    const here = `${at}[${i}]`
    const [environment, measurements] = arrayOf(one, here, 2, 2).items as [CborItem, CborItem]
    if (found.triples.length >= MAX_TRIPLES)
      throw refuse(here, 'a further triple', `at most ${MAX_TRIPLES} in all`, one.offset, 'too-large')
    found.triples.push({
      at: here,
      environment: readEnvironment(mapOf(environment, `${here}.environment`), `${here}.environment`),
      measurements: arrayOf(measurements, `${here}.measurements`, 1, MAX_MEASUREMENTS).items.map((map, j) =>
        readMeasurement(mapOf(map, `${here}.measurements[${j}]`), `${here}.measurements[${j}]`),
      ),
      offset: one.offset,
    })
  }
}

function readMeasurement(map: CborMap, at: string): CorimMeasurement {
  onlyMembers(map, ['mkey', 'mval', 'authorized-by'], at)
  const key = entryOf(map, 0)
  if (key !== undefined && key.type !== 'text' && (key.type !== 'integer' || typeof key.value !== 'number'))
    throw wrongItem(key, `${at}.mkey`, 'a number or text')
  return {
    at,
    mkey: key?.type === 'text' || key?.type === 'integer' ? (key.value as number | string) : undefined,
    mval: mapOf(need(map, 1, `${at}.mval`), `${at}.mval`),
    isAuthorized: entryOf(map, 2) !== undefined,
    offset: map.offset,
  }
}

function nameOf(item: CborItem, at: string): string {
  if (item.type === 'text') return `text ${item.value}`
  return `bytes ${toHex(bytesOf(item, at, 16, 16))}`
}
