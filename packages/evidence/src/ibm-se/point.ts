import { allZero, concatBytes } from '../core/bytes.ts'
import { bigOf } from './big-endian.ts'

/** Bytes of a coordinate as Secure Execution stores it; the number itself has at most 66. */
export const COORDINATE = 80
const SIZE = 66

const P: bigint = 2n ** 521n - 1n
const B: bigint =
  0x051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n

/** Whether a public point, x then y of equal length in big-endian, lies on P-521. @see NIST SP 800-186, section 3.2.1.5 */
export function onP521(point: Uint8Array): boolean {
  const half = point.length / 2
  const x = bigOf(point.subarray(0, half))
  const y = bigOf(point.subarray(half))
  return x < P && y < P && (y * y - x * x * x + 3n * x - B) % P === 0n
}

/** A point of 66-byte coordinates in the stored form: each padded to 80 bytes. */
export function paddedPoint(point: Uint8Array): Uint8Array {
  const pad = new Uint8Array(COORDINATE - SIZE)
  return concatBytes(pad, point.subarray(0, SIZE), pad, point.subarray(SIZE))
}

/** A point of the stored form with 66-byte coordinates; undefined when a coordinate is longer. */
export function unpaddedPoint(stored: Uint8Array): Uint8Array | undefined {
  const pad = COORDINATE - SIZE
  const x = stored.subarray(0, COORDINATE)
  const y = stored.subarray(COORDINATE)
  return allZero(x.subarray(0, pad)) && allZero(y.subarray(0, pad))
    ? concatBytes(x.subarray(pad), y.subarray(pad))
    : undefined
}
