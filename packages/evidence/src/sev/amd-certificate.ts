import { concatBytes, Reader } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import type { PublicKey } from '../crypto/jobs.ts'
import { rsaKey } from '../crypto/rsa-key.ts'
import { bigEndian, u32 } from './numbers.ts'

/** Usage numbers of AMD's own keys. */
export const AMD_USAGE: { readonly ark: 0x00; readonly ask: 0x13 } = { ark: 0x00, ask: 0x13 }

const SIGNED_HEADER = 64

/**
 * An ARK or ASK in AMD's own form, little-endian as stored. Byte strings are views on the input.
 * @see AMD 55766 (SEV API), appendix B.1 "AMD signing key certificate"
 */
export interface AmdCertificate {
  readonly form: 'amd'
  readonly keyId: Uint8Array
  readonly certifyingKeyId: Uint8Array
  readonly usage: number
  readonly reserved: Uint8Array
  /** Size of modulus and exponent, 2048 or 4096. */
  readonly bits: 2048 | 4096
  readonly exponent: Uint8Array
  readonly modulus: Uint8Array
  /** Undefined in the ARK of Naples as AMD first published it. */
  readonly signature: Uint8Array | undefined
  /** All before the signature. */
  readonly signedBytes: Uint8Array
  readonly key: PublicKey
}

/**
 * Reads one certificate of AMD's form from the reader. `last` says that nothing follows, so that the
 * ARK without a signature can be told.
 *
 * @throws EvidenceError; sizes are checked before anything of that size is read
 */
export function readAmdCertificate(bytes: Uint8Array, reader: Reader, field: string): AmdCertificate {
  const start = reader.offset
  expectNumber(reader, `${field}.version`, 1)
  const keyId = reader.bytes(16, `${field}.keyId`)
  const certifyingKeyId = reader.bytes(16, `${field}.certifyingKeyId`)
  const usage = reader.u32(`${field}.keyUsage`)
  const reserved = reader.bytes(16, `${field}.reserved`)
  const sizeAt = reader.offset
  const exponentBits = reader.u32(`${field}.pubExpSize`)
  const bits = reader.u32(`${field}.modulusSize`)
  if ((bits !== 2048 && bits !== 4096) || exponentBits !== bits) {
    throw refuse(
      `${field}.modulusSize`,
      `${exponentBits} and ${bits} bits`,
      '2048 or 4096, the same for exponent and modulus',
      sizeAt,
    )
  }
  const exponent = reader.bytes(bits / 8, `${field}.pubExp`)
  const modulus = reader.bytes(bits / 8, `${field}.modulus`)
  const signedBytes = bytes.subarray(start, reader.offset)
  // The Naples ARK was first published without its own signature; it stands last, or alone.
  const signature =
    usage === AMD_USAGE.ark && reader.remaining === 0 ? undefined : reader.bytes(bits / 8, `${field}.signature`)
  return {
    form: 'amd',
    keyId,
    certifyingKeyId,
    usage,
    reserved,
    bits,
    exponent,
    modulus,
    signature,
    signedBytes,
    key: keyOf(modulus, exponent, `${field}.modulus`, start + SIGNED_HEADER + bits / 8),
  }
}

function keyOf(modulus: Uint8Array, exponent: Uint8Array, field: string, offset: number): PublicKey {
  const size = modulus.length
  const n = bigEndian(modulus, size)
  const e = bigEndian(exponent, size)
  if (n === undefined || e === undefined || (n[0] as number) < 0x80) {
    throw refuse(field, 'a modulus with leading zeros', `a modulus of ${size * 8} bits`, offset)
  }
  return rsaKey(n, e)
}

function expectNumber(reader: Reader, field: string, expected: number): void {
  const offset = reader.offset
  const found = reader.u32(field)
  if (found !== expected) throw refuse(field, String(found), String(expected), offset, 'unsupported-version')
}

/** Parses an ARK or ASK file. @throws EvidenceError */
export function parseAmdCertificate(input: Uint8Array): AmdCertificate {
  const bytes = new Uint8Array(input)
  const reader = new Reader(bytes)
  const certificate = readAmdCertificate(bytes, reader, 'certificate')
  reader.end('certificate')
  return certificate
}

/** The bytes of a certificate of AMD's form; parsing and encoding give back the same bytes. */
export function encodeAmdCertificate(one: Omit<AmdCertificate, 'form' | 'signedBytes' | 'key'>): Uint8Array {
  return concatBytes(
    u32(1),
    one.keyId,
    one.certifyingKeyId,
    u32(one.usage),
    one.reserved,
    u32(one.bits),
    u32(one.bits),
    one.exponent,
    one.modulus,
    one.signature ?? new Uint8Array(0),
  )
}
