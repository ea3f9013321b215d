import { type CborItem, type CborMap, entryOf } from '../cbor/item.ts'
import { bytesOf, integerOf, mapOf, textOf, wrongItem } from '../cbor/typed.ts'
import { toHex } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { oidOf } from '../x509/der.ts'
import { onlyMembers } from './members.ts'

/** What reference values are for; what is absent is not compared. */
export interface CorimEnvironment {
  readonly class?: CorimClass
  /** Bytes of a tagged instance; a mere tag number where it is of another kind. */
  readonly instance?: { readonly tag: number; readonly bytes?: Uint8Array }
  readonly hasGroup: boolean
  readonly offset: number
}

export interface CorimClass {
  /** An OID in dotted form, a UUID as its 36 characters, or bytes as `hex:…`. */
  readonly id?: string
  readonly vendor?: string
  readonly model?: string
  readonly layer?: number
  readonly index?: number
}

const TAG = { uuid: 37, oid: 111, bytes: 560 } as const
const MAX_BYTES = 256

/** An environment-map. @throws EvidenceError @see draft-ietf-rats-corim, section 5.1.4.1 */
export function readEnvironment(map: CborMap, at: string): CorimEnvironment {
  onlyMembers(map, ['class', 'instance', 'group'], at)
  const [classes, instance] = [entryOf(map, 0), entryOf(map, 1)]
  return {
    ...(classes === undefined ? {} : { class: readClass(mapOf(classes, `${at}.class`), `${at}.class`) }),
    ...(instance === undefined ? {} : { instance: readInstance(instance, `${at}.instance`) }),
    hasGroup: entryOf(map, 2) !== undefined,
    offset: map.offset,
  }
}

function readClass(map: CborMap, at: string): CorimClass {
  onlyMembers(map, ['class-id', 'vendor', 'model', 'layer', 'index'], at)
  const [id, vendor, model, layer, index] = [0, 1, 2, 3, 4].map((label) => entryOf(map, label))
  return {
    ...(id === undefined ? {} : { id: readClassId(id, `${at}.class-id`) }),
    ...(vendor === undefined ? {} : { vendor: textOf(vendor, `${at}.vendor`, 1, 256) }),
    ...(model === undefined ? {} : { model: textOf(model, `${at}.model`, 1, 256) }),
    ...(layer === undefined ? {} : { layer: integerOf(layer, `${at}.layer`, 0, 0xffffffff) }),
    ...(index === undefined ? {} : { index: integerOf(index, `${at}.index`, 0, 0xffffffff) }),
  }
}

function readClassId(item: CborItem, at: string): string {
  const tag = item.type === 'tag' ? item.tag : undefined
  if (item.type === 'tag' && tag === TAG.oid) {
    const oid = oidOf(bytesOf(item.item, at, 1, 32))
    if (oid !== undefined) return oid
  }
  if (item.type === 'tag' && tag === TAG.uuid)
    return toHex(bytesOf(item.item, at, 16, 16)).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  // Arm's classes are bytes under tags of their own.
  if (item.type === 'tag' && item.item.type === 'bytes' && tag !== TAG.oid)
    return `hex:${toHex(bytesOf(item.item, at, 1, MAX_BYTES))}`
  throw wrongItem(item, at, 'an OID (tag 111), a UUID (tag 37) or tagged bytes')
}

function readInstance(item: CborItem, at: string): NonNullable<CorimEnvironment['instance']> {
  if (item.type !== 'tag' || typeof item.tag !== 'number') throw wrongItem(item, at, 'a tagged instance')
  if (item.item.type !== 'bytes') return { tag: item.tag }
  return { tag: item.tag, bytes: bytesOf(item.item, at, 1, MAX_BYTES) }
}

/** Bytes of an instance under tag 560; undefined where there is none. @throws EvidenceError for one of another kind */
export function instanceBytes({ instance, offset }: CorimEnvironment, at: string): Uint8Array | undefined {
  if (instance === undefined) return undefined
  if (instance.tag === TAG.bytes && instance.bytes !== undefined) return instance.bytes
  throw refuse(`${at}.environment.instance`, `an instance under tag ${instance.tag}`, 'bytes under tag 560', offset)
}
