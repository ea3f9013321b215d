import { refuse } from '../core/errors.ts'
import type { BigEndianReader } from './big-endian.ts'
import { COORDINATE, onP521 } from './point.ts'

/** A protection key, wrapped for one host. */
export interface KeySlot {
  /** SHA-256 of the host's public key: x, then y, each padded to 80 bytes. */
  readonly hostKeyHash: Uint8Array
  readonly wrappedKey: Uint8Array
  readonly tag: Uint8Array
}

/** Size of a slot. */
export const SLOT_SIZE = 80

/** Reads one slot. @throws EvidenceError when the bytes end before it does */
export function readSlot(reader: BigEndianReader, field: string): KeySlot {
  return {
    hostKeyHash: reader.bytes(32, `${field}.hostKeyHash`),
    wrappedKey: reader.bytes(32, `${field}.wrappedKey`),
    tag: reader.bytes(16, `${field}.tag`),
  }
}

/** Reads `count` slots. */
export function readSlots(reader: BigEndianReader, count: number): readonly KeySlot[] {
  const slots: KeySlot[] = []
  for (let i = 0; i < count; i++) slots.push(readSlot(reader, `keySlots[${i}]`))
  return slots
}

/** Bytes of slots. */
export function slotBytes(slots: readonly KeySlot[]): readonly Uint8Array[] {
  return slots.flatMap((slot) => [slot.hostKeyHash, slot.wrappedKey, slot.tag])
}

/** Reads the customer's public key. @throws EvidenceError for a point that is not on P-521 */
export function readCustomerKey(reader: BigEndianReader): Uint8Array {
  const offset = reader.offset
  const point = reader.bytes(2 * COORDINATE, 'customerPublicKey')
  if (!onP521(point)) throw refuse('customerPublicKey', 'no such point', 'a point on P-521', offset)
  return point
}
