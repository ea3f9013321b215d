import { decodeBase64 } from '../x509/pem.ts'
import { lacks } from './proto-values.ts'
import type { ProtoField, ProtoMessage, ProtoSchema, ProtoValue } from './protobuf.ts'
import { isMembers } from './snp-structure.ts'

const MAX_DEPTH = 8
const MAX_ITEMS = 20_000
const DIGITS = /^(?:0|[1-9]\d{0,19})$/
const LARGEST = 0xffffffffffffffffn

/**
 * The fields of a message in its JSON form: names in lowerCamelCase or as they are declared, byte strings in
 * base64, numbers of 64 bits as text, constants by name or number.
 *
 * @param json of bounded depth and size, as text is before it is parsed
 * @throws EvidenceError that names the field
 * @see Protocol Buffers, ProtoJSON format
 */
export function readProtoJson(json: unknown, schema: ProtoSchema): ProtoMessage {
  return messageFrom(json, schema, '$', 0)
}

/** The name of a field in JSON, as writers form it from the declared one. */
export function jsonName(name: string): string {
  return name.replace(/_+([a-z0-9]?)/g, (_, letter: string) => letter.toUpperCase())
}

function messageFrom(json: unknown, schema: ProtoSchema, path: string, depth: number): ProtoMessage {
  if (!isMembers(json)) throw lacks(path, 'an object')
  if (depth > MAX_DEPTH) throw lacks(path, `at most ${MAX_DEPTH} levels`)
  const known = new Map<string, ProtoField>()
  for (const field of Object.values(schema.fields)) known.set(field.name, field).set(jsonName(field.name), field)
  const values = new Map<string, readonly ProtoValue[]>()
  for (const [name, value] of Object.entries(json)) {
    const field = known.get(name)
    if (field === undefined) {
      if (isUnread(schema, name)) continue
      throw lacks(`${path}.${name.slice(0, 32)}`, 'a field that is known')
    }
    // What is null is not set.
    if (value === null) continue
    if (values.has(field.name)) throw lacks(field.name, 'the field once')
    values.set(field.name, listFrom(value, field, depth))
  }
  return values
}

function isUnread({ unread = [] }: ProtoSchema, name: string): boolean {
  return unread === 'any' || unread.some((one) => one === name || jsonName(one) === name)
}

// Of a field that may be there once a list has one item at most: who takes it says so.
function listFrom(value: unknown, field: ProtoField, depth: number): readonly ProtoValue[] {
  const items: readonly unknown[] =
    field.map === true ? entriesOf(value, field) : Array.isArray(value) ? value : [value]
  if (items.length > MAX_ITEMS) throw lacks(field.name, `at most ${MAX_ITEMS} items`)
  return items.map((item) => valueFrom(item, field, depth))
}

function entriesOf(value: unknown, { name }: ProtoField): readonly unknown[] {
  if (!isMembers(value)) throw lacks(name, 'an object')
  return Object.entries(value).map(([key, one]) => ({ key, value: one }))
}

function valueFrom(value: unknown, { kind, name, words = {} }: ProtoField, depth: number): ProtoValue {
  if (typeof kind !== 'string') return messageFrom(value, kind, name, depth + 1)
  if (kind === 'bytes') {
    const bytes = typeof value === 'string' ? decodeBase64(value) : undefined
    if (bytes === undefined) throw lacks(name, 'base64')
    return bytes
  }
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'string' && DIGITS.test(value) && BigInt(value) <= LARGEST) return BigInt(value)
  if (typeof value === 'string' && Object.hasOwn(words, value)) return BigInt(words[value] ?? 0)
  throw lacks(name, 'a whole number')
}
