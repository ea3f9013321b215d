import { concatBytes, fromHex, toHex } from '../core/bytes.ts'
import { CURVE_BYTES, type Curve, type EcKey } from './jobs.ts'

const SPKI_PREFIXES: Readonly<Record<Curve, string>> = {
  'P-256': '3059301306072a8648ce3d020106082a8648ce3d030107034200',
  'P-384': '3076301006072a8648ce3d020106052b81040022036200',
  'P-521': '30819b301006072a8648ce3d020106052b8104002303818600',
}

/** DER SubjectPublicKeyInfo of an EC key. @see RFC 5280, section 4.1.2.7; RFC 5480, section 2 */
export function ecSpki({ kind, bytes }: EcKey): Uint8Array {
  return concatBytes(fromHex(SPKI_PREFIXES[kind]) as Uint8Array, uncompressed(bytes))
}

/** 0x04, then x, then y. */
export function uncompressed(point: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(Uint8Array.of(4), point)
}

/** The prime p and the coefficient b of each curve. */
const EQUATIONS: Readonly<Record<Curve, { readonly p: bigint; readonly b: bigint }>> = {
  'P-256': {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 0x1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
}

/**
 * Whether x and y of an EC key satisfy the curve's equation y² = x³ − 3x + b. Cryptography of the
 * platform refuses other points too; this tells a person so.
 * @see NIST SP 800-186, section 3.2.1
 */
export function isOnCurve({ kind, bytes }: EcKey): boolean {
  const { p, b } = EQUATIONS[kind]
  const x = number(bytes.subarray(0, CURVE_BYTES[kind]))
  const y = number(bytes.subarray(CURVE_BYTES[kind]))
  return x < p && y < p && (y * y - x * x * x + 3n * x - b) % p === 0n
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`)
}
