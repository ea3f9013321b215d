import { decodeCbor } from '../cbor/decode.ts'
import { entryOf } from '../cbor/item.ts'
import { bytesOf, integerOf, mapOf, wrongItem } from '../cbor/typed.ts'
import { concatBytes, fromHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { CURVE_BYTES, type KeyKind, type PublicKey } from '../crypto/jobs.ts'

type Curve = Exclude<KeyKind, 'RSA'>

/** COSE curve numbers. @see RFC 9053, section 7.1 */
const CURVES: readonly Curve[] = ['P-256', 'P-384', 'P-521']
const LABEL = { type: 1, keyId: 2, algorithm: 3, operations: 4, curve: -1, x: -2, y: -3 } as const
const KEY_TYPE_EC2 = 2

/**
 * Reads an encoded COSE_Key, an EC key with two full coordinates and nothing secret. It lies in `bytes`
 * from `start` to `end`.
 * @throws EvidenceError
 * @see RFC 9053, section 7.1.1
 */
export function readCoseKey(bytes: Uint8Array, field: string, start: number, end: number): PublicKey {
  const map = mapOf(decodeCbor(bytes, { field, start, end, maxItems: 32 }), field)
  const known: readonly number[] = Object.values(LABEL)
  for (const { key } of map.entries) {
    if (typeof key.value !== 'number' || !known.includes(key.value))
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
export function readRawPoint(point: Uint8Array, field: string, offset: number): PublicKey {
  const kind = CURVES.find((curve) => point.length === 1 + 2 * CURVE_BYTES[curve])
  if (kind !== undefined && point[0] === 4) return { kind, bytes: point.subarray(1) }
  throw new EvidenceError('malformed', `${point.length} bytes that begin with ${point[0] ?? 'nothing'}`, {
    field,
    offset,
    expected: 'an uncompressed point: 4, then 64, 96 or 132 bytes',
  })
}

const SPKI_PREFIXES: Readonly<Record<Curve, string>> = {
  'P-256': '3059301306072a8648ce3d020106082a8648ce3d030107034200',
  'P-384': '3076301006072a8648ce3d020106052b81040022036200',
  'P-521': '30819b301006072a8648ce3d020106052b8104002303818600',
}

/** DER SubjectPublicKeyInfo of an EC key. @throws TypeError for other keys, which Arm's tokens do not use */
export function spkiOf(key: PublicKey): Uint8Array {
  if (key.kind === 'RSA') throw new TypeError('RSA keys sign no Arm tokens')
  return concatBytes(fromHex(SPKI_PREFIXES[key.kind]) as Uint8Array, uncompressed(key))
}

/** 0x04, then x, then y. */
export function uncompressed(key: PublicKey): Uint8Array {
  return concatBytes(Uint8Array.of(4), key.bytes)
}

interface CurveNumbers {
  readonly p: bigint
  readonly b: bigint
}

const NUMBERS: Readonly<Record<Curve, CurveNumbers>> = {
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
}

/**
 * Whether x and y of an EC key satisfy the curve's equation y² = x³ − 3x + b. Cryptography of the
 * platform refuses other points too; this tells a person so.
 * @see NIST SP 800-186, section 3.2.1
 */
export function isOnCurve(key: PublicKey): boolean {
  if (key.kind === 'RSA') return false
  const { p, b } = NUMBERS[key.kind]
  const size = CURVE_BYTES[key.kind]
  const x = number(key.bytes.subarray(0, size))
  const y = number(key.bytes.subarray(size))
  return x < p && y < p && (y * y - x * x * x + 3n * x - b) % p === 0n
}

function number(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}
