import { encodeBase64url } from '../core/base64url.ts'
import { concatBytes } from '../core/bytes.ts'
import type { RsaKey } from './jobs.ts'

/** An RSA key from its modulus and exponent, big-endian. */
export function rsaKey(modulus: Uint8Array, exponent: Uint8Array): RsaKey {
  const n = withoutZeros(modulus)
  const e = withoutZeros(exponent)
  return readRsaKey(der(0x30, derInteger(n), derInteger(e)), n, e)
}

/** The same from the DER of its RSAPublicKey and the two numbers in it, without zeros in front. */
export function readRsaKey(pkcs1: Uint8Array, modulus: Uint8Array, exponent: Uint8Array): RsaKey {
  return {
    kind: 'RSA',
    bytes: pkcs1,
    bits: modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24,
    isSound: ((exponent.at(-1) ?? 0) & 1) === 1 && (exponent.length > 1 || exponent[0] !== 1),
    jwk: () => ({ kty: 'RSA', n: encodeBase64url(modulus), e: encodeBase64url(exponent) }),
  }
}

/** DER SubjectPublicKeyInfo of an RSA key. @see RFC 5280, section 4.1.2.7; RFC 8017, appendix A.1 */
export function rsaSpki({ bytes }: RsaKey): Uint8Array {
  return der(0x30, RSA_ENCRYPTION, der(0x03, Uint8Array.of(0), bytes))
}

const RSA_ENCRYPTION: Uint8Array = /* @__PURE__ */ Uint8Array.of(
  ...[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00],
)

function withoutZeros(number: Uint8Array): Uint8Array {
  let start = 0
  while (start < number.length - 1 && number[start] === 0) start++
  return number.subarray(start)
}

function derInteger(number: Uint8Array): Uint8Array {
  return (number[0] ?? 0) >= 0x80 ? der(0x02, Uint8Array.of(0), number) : der(0x02, number)
}

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...parts)
  const { length } = content
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return concatBytes(Uint8Array.of(tag, ...header), content)
}
