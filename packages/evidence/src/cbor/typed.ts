import { type EvidenceError, refuse } from '../core/errors.ts'
import type { CborArray, CborItem, CborMap } from './item.ts'

/** Refuses an item: what stands there, and what would have been accepted. */
export function wrongItem(
  item: CborItem,
  field: string,
  expected: string,
  found: string = describe(item),
): EvidenceError {
  return refuse(field, found, expected, item.offset)
}

function describe(item: CborItem): string {
  switch (item.type) {
    case 'bytes':
      return `a byte string of ${item.value.length} bytes`
    case 'text':
      return `text of ${item.value.length} characters`
    case 'integer':
      return `the integer ${item.value}`
    case 'tag':
      return `tag ${item.tag}`
    case 'simple':
      return `simple value ${item.value}`
    default:
      return item.type === 'array' ? `an array of ${item.items.length}` : `a ${item.type}`
  }
}

/** Bytes of `min` to `max` bytes. @throws EvidenceError */
export function bytesOf(item: CborItem, field: string, min: number, max: number): Uint8Array {
  if (item.type === 'bytes' && item.value.length >= min && item.value.length <= max) return item.value
  throw wrongItem(item, field, `${range(min, max)} bytes`)
}

/** Bytes of one of some lengths. @throws EvidenceError */
export function bytesOfLength(item: CborItem, field: string, lengths: readonly number[]): Uint8Array {
  if (item.type === 'bytes' && lengths.includes(item.value.length)) return item.value
  throw wrongItem(item, field, `a byte string of ${lengths.join(', ')} bytes`)
}

/** Text of `min` to `max` characters. @throws EvidenceError */
export function textOf(item: CborItem, field: string, min: number, max: number): string {
  if (item.type === 'text' && item.value.length >= min && item.value.length <= max) return item.value
  throw wrongItem(item, field, `text of ${min} to ${max} characters`)
}

/** An integer from `min` to `max`, both safe. @throws EvidenceError */
export function integerOf(item: CborItem, field: string, min: number, max: number): number {
  if (item.type === 'integer' && typeof item.value === 'number' && item.value >= min && item.value <= max)
    return item.value
  throw wrongItem(item, field, `an integer from ${min} to ${max}`)
}

/** A map. @throws EvidenceError */
export function mapOf(item: CborItem, field: string): CborMap {
  if (item.type === 'map') return item
  throw wrongItem(item, field, 'a map')
}

/** An array of `min` to `max` items. @throws EvidenceError */
export function arrayOf(item: CborItem, field: string, min: number, max: number): CborArray {
  if (item.type === 'array' && item.items.length >= min && item.items.length <= max) return item
  throw wrongItem(item, field, `an array of ${range(min, max)}`)
}

function range(min: number, max: number): string {
  return min === max ? `${min}` : `${min} to ${max}`
}
