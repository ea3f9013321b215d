import { decodeCbor } from '../cbor/decode.ts'
import { entryOf } from '../cbor/item.ts'
import { bytesOf, integerOf, mapOf, wrongItem } from '../cbor/typed.ts'
import { concatBytes } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { CURVE_BYTES, type Curve, type EcKey } from '../crypto/jobs.ts'

/** COSE curve numbers. @see RFC 9053, section 7.1 */
const CURVES: readonly Curve[] = ['P-256', 'P-384', 'P-521']
const LABEL = { type: 1, keyId: 2, algorithm: 3, operations: 4, curve: -1, x: -2, y: -3 } as const
const LABELS: readonly number[] = Object.values(LABEL)
const KEY_TYPE_EC2 = 2

/**
 * Reads an encoded COSE_Key, an EC key with two full coordinates and nothing secret. It lies in `bytes`
 * from `start` to `end`.
 * @throws EvidenceError
 * @see RFC 9053, section 7.1.1
 */
export function readCoseKey(bytes: Uint8Array, field: string, start: number, end: number): EcKey {
  const map = mapOf(decodeCbor(bytes, { field, start, end, maxItems: 32 }), field)
  for (const { key } of map.entries) {
    if (typeof key.value !== 'number' || !LABELS.includes(key.value))
      throw wrongItem(key, field, 'a public EC key', 'another member')
  }
  const need = (label: number, name: string): Parameters<typeof bytesOf>[0] => {
    const item = entryOf(map, label)
    if (item === undefined) throw wrongItem(map, `${field}.${name}`, 'the member', `no member ${label}`)
    return item
  }
  integerOf(need(LABEL.type, 'kty'), `${field}.kty`, KEY_TYPE_EC2, KEY_TYPE_EC2)
  const kind = CURVES[integerOf(need(LABEL.curve, 'crv'), `${field}.crv`, 1, CURVES.length) - 1] as Curve
  const size = CURVE_BYTES[kind]
  const x = bytesOf(need(LABEL.x, 'x'), `${field}.x`, size, size)
  const y = bytesOf(need(LABEL.y, 'y'), `${field}.y`, size, size)
  return { kind, bytes: concatBytes(x, y) }
}

/** Reads a raw point, 0x04 then x then y; its length tells the curve. @throws EvidenceError that says `offset` */
export function readRawPoint(point: Uint8Array, field: string, offset: number): EcKey {
  const kind = CURVES.find((curve) => point.length === 1 + 2 * CURVE_BYTES[curve])
  if (kind !== undefined && point[0] === 4) return { kind, bytes: point.subarray(1) }
  throw refuse(
    field,
    `${point.length} bytes that begin with ${point[0] ?? 'nothing'}`,
    'an uncompressed point: 4, then 64, 96 or 132 bytes',
    offset,
  )
}
