import { decodeCbor } from '../cbor/decode.ts'
import type { CborItem } from '../cbor/item.ts'
import { toHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { identify } from './binary.ts'
import { decodeForeignProto } from './foreign-proto.ts'
import { decodeMessagePack } from './message-pack.ts'

/** Structured bytes as a JSON value: byte strings in hexadecimal, keys as text. */
export interface Structured {
  readonly name: 'CBOR' | 'MessagePack' | 'Protocol Buffers'
  readonly value: unknown
  /** Whether the outermost item is a COSE_Sign1, whose signature nobody has checked. */
  readonly signed: boolean
}

/** Byte strings inside of which further CBOR is looked for. */
const MAX_NESTED = 3
const SHORTEST = 100

/**
 * Reads bytes as a CBOR array, map, byte string or tag, as a MessagePack map, or as a message of Protocol Buffers: what evidence travels in when its owner
 * has a format of their own. Byte strings that hold a map in turn are read as well, three deep.
 *
 * @returns undefined when the bytes are not one such item from the first byte to the last
 * @see RFC 8949, section 3; the MessagePack specification
 */
export function structureOf(bytes: Uint8Array): Structured | undefined {
  if (bytes.length < SHORTEST) return undefined
  const cbor = cborOf(bytes)
  if (cbor !== undefined) return { name: 'CBOR', value: plain(cbor, 0), signed: isSigned(cbor) }
  const value = decodeMessagePack(bytes)
  if (value !== undefined) return { name: 'MessagePack', value, signed: false }
  const message = decodeForeignProto(bytes)
  return message === undefined ? undefined : { name: 'Protocol Buffers', value: message, signed: false }
}

const MAX_ITEMS = 8192

function cborOf(bytes: Uint8Array): CborItem | undefined {
  const major = (bytes[0] ?? 0) >> 5
  if (major !== 2 && major !== 4 && major !== 5 && major !== 6) return undefined
  try {
    return decodeCbor(bytes, { field: 'cbor', maxItems: MAX_ITEMS })
  } catch (error) {
    // Something else that begins alike.
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

function isSigned(item: CborItem): boolean {
  const inner = item.type === 'tag' ? item.item : item
  if (inner.type !== 'array' || inner.items.length !== 4) return false
  const [header, unprotected, payload, signature] = inner.items
  return (
    header?.type === 'bytes' && unprotected?.type === 'map' && payload?.type === 'bytes' && signature?.type === 'bytes'
  )
}

function plain(item: CborItem, nested: number): unknown {
  switch (item.type) {
    case 'bytes':
      return bytesOrInner(item.value, nested)
    case 'text':
      return item.value
    case 'integer':
      return Number(item.value)
    case 'array':
      return item.items.map((one) => plain(one, nested))
    case 'map':
      return withoutPrototype(item.entries.map(({ key, value }) => [String(key.value), plain(value, nested)]))
    case 'tag':
      return plain(item.item, nested)
    default:
      return null
  }
}

// Keys come from others: `__proto__` is a name like any other.
function withoutPrototype(entries: readonly (readonly [string, unknown])[]): object {
  const object: Record<string, unknown> = Object.create(null)
  for (const [name, value] of entries) {
    let own = name
    // A number as a key is another one than its digits as text, and no value takes another's place.
    for (let i = 2; own in object; i++) own = `${name}#${i}`
    object[own] = value
  }
  return object
}

// Evidence in CBOR is left as it is: whoever finds it tells it by its first bytes.
function bytesOrInner(bytes: Uint8Array, nested: number): unknown {
  const mayHold = nested < MAX_NESTED && bytes.length >= SHORTEST && (bytes[0] ?? 0) >> 5 === 5
  const inner = mayHold && identify(bytes) === undefined ? cborOf(bytes) : undefined
  return inner === undefined ? toHex(bytes) : plain(inner, nested + 1)
}
