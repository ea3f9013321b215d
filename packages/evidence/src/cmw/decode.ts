import { decodeCbor } from '../cbor/decode.ts'
import { type CborItem, type CborMap, entryOf } from '../cbor/item.ts'
import { arrayOf, bytesOf, integerOf, mapOf, wrongItem } from '../cbor/typed.ts'
import { decodeBase64url } from '../core/base64url.ts'
import { refuse } from '../core/errors.ts'
import { isList, isObject, type Json, parseStrict } from '../core/json.ts'
import { oidOf } from '../x509/der.ts'
import { contentFormatOfTag } from './content-formats.ts'
import { CMW_BOUNDS, CMW_INDICATORS, type Cmw, type CmwEntry, type CmwIndicator, COLLECTION_TYPE } from './message.ts'

/** Longest wrapper that is read, in bytes; of JSON a tenth, which the JSON reader allows. */
export const CMW_MAX_SIZE: number = 10_000_000

/**
 * Decodes a conceptual message wrapper: a record, a CBOR tag or a collection, in JSON or CBOR. The first
 * byte tells which. At most 4 levels and 64 messages.
 *
 * @throws EvidenceError
 * @see draft-ietf-rats-msg-wrap, section 3
 */
export function decodeCmw(bytes: Uint8Array, field = 'cmw'): Cmw {
  if (bytes.length > CMW_MAX_SIZE)
    throw refuse(field, `${bytes.length} bytes`, `at most ${CMW_MAX_SIZE} bytes`, 0, 'too-large')
  const first = bytes[0] ?? 0
  if (first === OPEN_LIST || first === OPEN_OBJECT) return fromJson(parseStrict(utf8Of(bytes, field), field), field)
  const major = first >> 5
  if (bytes.length === 0 || major < 4 || major > 6)
    throw refuse(field, 'another first byte', '`[` or `{` in JSON; an array, a map or a tag in CBOR')
  return fromCbor(decodeCbor(bytes, { field }), field, counter())
}

const OPEN_LIST = 0x5b
const OPEN_OBJECT = 0x7b

/** As {@link decodeCmw}, of JSON that is parsed already: where a wrapper is a member of something else. @throws EvidenceError */
export function fromJson(value: Json, field: string, count: Counter = counter(), depth = 0): Cmw {
  if (isList(value)) return jsonRecord(value, field, count)
  if (!isObject(value)) throw refuse(field, 'another value', 'a record or a collection')
  descend(field, depth)
  const type = Object.hasOwn(value, COLLECTION_TYPE) ? value[COLLECTION_TYPE] : undefined
  if (type !== undefined && (typeof type !== 'string' || !isCollectionType(type)))
    throw refuse(`${field}.${COLLECTION_TYPE}`, 'another value', 'a URI or an object identifier')
  const members = Object.entries(value).filter(([label]) => label !== COLLECTION_TYPE)
  const entries = members.map(
    ([label, one]): CmwEntry => ({ label, message: fromJson(one, inside(field, label), count, depth + 1) }),
  )
  return collection(field, type, entries)
}

function jsonRecord(value: readonly Json[], field: string, count: Counter): Cmw {
  count(field)
  const [type, text, indicator] = value
  if (value.length < 2 || value.length > 3 || typeof type !== 'string' || typeof text !== 'string')
    throw refuse(field, 'another list', 'a media type, a value in base64url, and perhaps an indicator')
  const bits = indicator === undefined ? undefined : indicatorsOf(indicator)
  if (indicator !== undefined && bits === undefined) throw refuse(`${field}[2]`, 'another indicator', INDICATOR)
  return {
    kind: 'record',
    form: 'record',
    type: mediaType(type, field),
    value: decodeBase64url(text, `${field}[1]`),
    indicators: bits,
  }
}

function fromCbor(item: CborItem, field: string, count: Counter, depth = 0): Cmw {
  if (item.type === 'map') return cborCollection(item, field, count, depth)
  count(field)
  if (item.type !== 'tag') return cborRecord(item, field)
  const type = contentFormatOfTag(item.tag)
  if (type === undefined) throw wrongItem(item, field, 'a tag that stands for a content format')
  return { kind: 'record', form: 'tag', type, value: bytesIn(item.item, field), indicators: undefined }
}

function cborRecord(item: CborItem, field: string): Cmw {
  const [type, value, indicator] = arrayOf(item, field, 2, 3).items
  if (type === undefined || value === undefined) throw wrongItem(item, field, 'a type and a value')
  const bits = indicator?.type === 'integer' ? indicatorsOf(indicator.value) : undefined
  if (indicator !== undefined && bits === undefined) throw wrongItem(indicator, `${field}[2]`, INDICATOR)
  return {
    kind: 'record',
    form: 'record',
    type: type.type === 'text' ? mediaType(type.value, field) : integerOf(type, `${field}[0]`, 0, 0xffff),
    value: bytesIn(value, `${field}[1]`),
    indicators: bits,
  }
}

function cborCollection(item: CborMap, field: string, count: Counter, depth: number): Cmw {
  descend(field, depth)
  const named = entryOf(mapOf(item, field), COLLECTION_TYPE)
  const type = named === undefined ? undefined : cborCollectionType(named, `${field}.${COLLECTION_TYPE}`)
  const entries: CmwEntry[] = []
  for (const { key, value } of item.entries) {
    const label = key.value
    if (label === COLLECTION_TYPE) continue
    if (typeof label === 'bigint') throw wrongItem(key, field, 'labels of text or of integers below 2^53')
    entries.push({ label, message: fromCbor(value, inside(field, label), count, depth + 1) })
  }
  return collection(field, type, entries)
}

const TAG_OID = 111

function cborCollectionType(item: CborItem, field: string): string {
  const content = item.type === 'tag' && item.tag === TAG_OID ? item.item : item
  const text =
    content.type === 'bytes' ? oidOf(content.value) : content.type === 'text' && item === content ? content.value : ''
  if (text === undefined || !isCollectionType(text)) throw wrongItem(item, field, 'a URI or an object identifier')
  return text
}

function collection(field: string, type: string | undefined, entries: readonly CmwEntry[]): Cmw {
  if (entries.length === 0) throw refuse(field, 'no message', 'a collection of at least one')
  return { kind: 'collection', type, entries }
}

const INDICATOR = 'a number of the bits 0 to 4'

function indicatorsOf(value: unknown): readonly CmwIndicator[] | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= 2 ** CMW_INDICATORS.length)
    return undefined
  return CMW_INDICATORS.filter((_, bit) => ((value >> bit) & 1) === 1)
}

// RFC 6838, section 4.2: type and subtype of 127 characters at most each; parameters behind.
const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}( *;[\x20-\x7e]{1,512})?$/

function mediaType(text: string, field: string): string {
  if (!MEDIA_TYPE.test(text)) throw refuse(`${field}[0]`, 'other text', 'a media type')
  return text
}

function isCollectionType(text: string): boolean {
  return text.length <= 512 && /^([A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+|[0-2](\.\d+)+)$/.test(text)
}

function bytesIn(item: CborItem, field: string): Uint8Array {
  return bytesOf(item, field, 0, CMW_MAX_SIZE)
}

type Counter = (field: string) => void

function counter(): Counter {
  let left: number = CMW_BOUNDS.messages
  return (field) => {
    if (--left < 0) throw refuse(field, 'a further message', `at most ${CMW_BOUNDS.messages} messages`, 0, 'too-large')
  }
}

function descend(field: string, depth: number): void {
  if (depth >= CMW_BOUNDS.depth)
    throw refuse(field, 'a deeper collection', `at most ${CMW_BOUNDS.depth} levels of collections`, 0, 'too-large')
}

function inside(field: string, label: string | number): string {
  return `${field}.${String(label).slice(0, 64)}`
}

function utf8Of(bytes: Uint8Array, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // The decoder's own words differ between runtimes.
    throw refuse(field, 'bytes that are no UTF-8', 'JSON in UTF-8')
  }
}
