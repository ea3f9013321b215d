import type { PublicKey } from '../crypto/jobs.ts'

/** A number of AMD's little-endian tables as big-endian bytes of `size`; undefined when it needs more. */
export function bigEndian(little: Uint8Array, size: number): Uint8Array | undefined {
  for (let i = size; i < little.length; i++) if (little[i] !== 0) return undefined
  // Not slice(): on a Buffer it does not copy, and reverse() would turn the evidence around.
  return new Uint8Array(little.subarray(0, size)).reverse()
}

/** Writes a 32-bit number, little-endian. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}

/** The two curves of SEV certificates by their number there: SP 800-186, section 3.2.1. */
export const CURVES: Readonly<
  Record<number, { readonly kind: 'P-256' | 'P-384'; readonly size: number; readonly p: bigint; readonly b: bigint }>
> = {
  1: {
    kind: 'P-256',
    size: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  2: {
    kind: 'P-384',
    size: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
}

/** Whether a point, x then y in big-endian, lies on its curve: y² = x³ - 3x + b. Public keys only. */
export function onCurve(
  point: Uint8Array,
  { size, p, b }: { readonly size: number; readonly p: bigint; readonly b: bigint },
): boolean {
  const x = bigOf(point.subarray(0, size))
  const y = bigOf(point.subarray(size))
  return x < p && y < p && (y * y - x * x * x + 3n * x - b) % p === 0n
}

function bigOf(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

/** An RSA key from its modulus and exponent, big-endian. */
export function rsaKey(modulus: Uint8Array, exponent: Uint8Array): PublicKey {
  const bytes = der(0x30, new Uint8Array([...derInteger(modulus), ...derInteger(exponent)]))
  return { kind: 'RSA', bytes, bits: modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24 }
}

/**
 * The DER SubjectPublicKeyInfo of a key: what anchors are pinned by, whatever form the certificate has.
 * @see RFC 5280, section 4.1.2.7; RFC 5480, section 2; RFC 8017, appendix A.1.1
 */
export function spkiOf({ kind, bytes }: PublicKey): Uint8Array {
  if (kind === 'RSA') return der(0x30, new Uint8Array([...RSA_ENCRYPTION, ...der(3, new Uint8Array([0, ...bytes]))]))
  const algorithm = kind === 'P-256' ? EC_P256 : EC_P384
  return der(0x30, new Uint8Array([...algorithm, ...der(3, new Uint8Array([0, 4, ...bytes]))]))
}

const RSA_ENCRYPTION = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0]
const EC_PUBLIC_KEY = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]
const EC_P256 = [0x30, 19, ...EC_PUBLIC_KEY, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]
const EC_P384 = [0x30, 16, ...EC_PUBLIC_KEY, 6, 5, 0x2b, 0x81, 4, 0, 34]

function derInteger(number: Uint8Array): Uint8Array {
  let start = 0
  while (start < number.length - 1 && number[start] === 0) start++
  const digits = number.subarray(start)
  return der(2, (digits[0] ?? 0) < 0x80 ? digits : new Uint8Array([0, ...digits]))
}

function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return new Uint8Array([tag, ...header, ...content])
}
