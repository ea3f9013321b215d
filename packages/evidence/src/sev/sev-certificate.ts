import { allZero, concatBytes, Reader } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { isOnCurve } from '../crypto/ec-key.ts'
import { CURVE_BYTES, type EcKey, type PublicKey, type SignatureJob, type SignatureScheme } from '../crypto/jobs.ts'
import { rsaKey } from '../crypto/rsa-key.ts'
import { bigEndian, u32 } from './numbers.ts'

/** Size of a certificate of the SEV form, whatever is in it. */
export const SEV_CERTIFICATE_SIZE = 2084
const SIGNED_SIZE = 1044
const KEY_SIZE = 1028
const SIGNATURE_SIZE = 512
const COORDINATE = 72

/** Key usages, of keys and of whoever signed. */
export const SEV_USAGE: {
  readonly ark: 0
  readonly ask: 0x13
  readonly invalid: 0x1000
  readonly oca: 0x1001
  readonly pek: 0x1002
  readonly pdh: 0x1003
  readonly cek: 0x1004
} = {
  ark: 0,
  ask: 0x13,
  invalid: 0x1000,
  oca: 0x1001,
  pek: 0x1002,
  pdh: 0x1003,
  cek: 0x1004,
}

const ALGORITHMS: Readonly<Record<number, string>> = {
  0: 'none',
  1: 'RSA-SHA256',
  2: 'ECDSA-SHA256',
  3: 'ECDH-SHA256',
  0x101: 'RSA-SHA384',
  0x102: 'ECDSA-SHA384',
  0x103: 'ECDH-SHA384',
}

const SCHEMES: Readonly<Record<number, SignatureScheme>> = {
  1: 'rsassa-pss-sha256',
  2: 'ecdsa-sha256',
  0x101: 'rsassa-pss-sha384',
  0x102: 'ecdsa-sha384',
}

/** An algorithm by name, e.g. `ECDSA-SHA256`; `none` for 0. */
export function sevAlgorithmName(algorithm: number): string {
  return ALGORITHMS[algorithm] ?? `0x${algorithm.toString(16)}`
}

/** A usage by name, e.g. `PEK`; `invalid` for the number that marks an empty slot. */
export function sevUsageName(usage: number): string {
  for (const [name, number] of Object.entries(SEV_USAGE))
    if (number === usage) return name === 'invalid' ? name : name.toUpperCase()
  return `0x${usage.toString(16)}`
}

/** One of the two places for a signature: who signed, how, and the value as stored. */
export interface SevSignature {
  readonly usage: number
  readonly algorithm: number
  /** 512 bytes. */
  readonly value: Uint8Array
}

/**
 * A CEK, OCA, PEK or PDH. Byte strings are views on the input.
 * @see AMD 55766 (SEV API), appendix C "SEV certificate"
 */
export interface SevCertificate {
  readonly form: 'sev'
  readonly apiMajor: number
  readonly apiMinor: number
  readonly reserved: Uint8Array
  readonly usage: number
  readonly algorithm: number
  /** 1028 bytes: curve and point, or modulus size, exponent and modulus. */
  readonly keyBytes: Uint8Array
  readonly signatures: readonly [SevSignature, SevSignature]
  /** The first 1044 bytes, unused key bytes among them. */
  readonly signedBytes: Uint8Array
  readonly key: PublicKey
}

/** Reads one certificate of the SEV form. @throws EvidenceError, also for a point that is not on its curve */
export function readSevCertificate(bytes: Uint8Array, reader: Reader, field: string): SevCertificate {
  const start = reader.offset
  const version = reader.u32(`${field}.version`)
  if (version !== 1) throw refuse(`${field}.version`, String(version), '1', start, 'unsupported-version')
  const apiMajor = reader.u8(`${field}.apiMajor`)
  const apiMinor = reader.u8(`${field}.apiMinor`)
  const reserved = reader.bytes(2, `${field}.reserved`)
  const usage = reader.u32(`${field}.pubkeyUsage`)
  const algorithm = reader.u32(`${field}.pubkeyAlgo`)
  const keyAt = reader.offset
  const keyBytes = reader.bytes(KEY_SIZE, `${field}.pubkey`)
  const key = readKey(algorithm, keyBytes, `${field}.pubkey`, keyAt)
  const signatures = [readSlot(reader, `${field}.sig1`), readSlot(reader, `${field}.sig2`)] as const
  return {
    form: 'sev',
    apiMajor,
    apiMinor,
    reserved,
    usage,
    algorithm,
    keyBytes,
    signatures,
    signedBytes: bytes.subarray(start, start + SIGNED_SIZE),
    key,
  }
}

function readSlot(reader: Reader, field: string): SevSignature {
  return {
    usage: reader.u32(`${field}.usage`),
    algorithm: reader.u32(`${field}.algo`),
    value: reader.bytes(SIGNATURE_SIZE, field),
  }
}

function readKey(algorithm: number, bytes: Uint8Array, field: string, offset: number): PublicKey {
  const number = new Reader(bytes).u32(field)
  const kind = algorithm & 0xff
  if (SCHEMES[algorithm] === undefined && kind !== 3) {
    throw refuse(
      field,
      `algorithm ${sevAlgorithmName(algorithm)}`,
      'RSA, ECDSA or ECDH with SHA-256 or SHA-384',
      offset - 4,
    )
  }
  const key = kind === 1 ? rsaOf(number, bytes) : pointOf(number, bytes)
  if (key === undefined)
    throw refuse(field, 'no such key', 'a point on P-256 or P-384, or an RSA key of 2048 or 4096 bits', offset)
  return key
}

/** The two curves of SEV certificates by their number there. */
const CURVES: Readonly<Record<number, 'P-256' | 'P-384'>> = { 1: 'P-256', 2: 'P-384' }

function pointOf(curve: number, bytes: Uint8Array): PublicKey | undefined {
  const kind = CURVES[curve]
  const size = kind && CURVE_BYTES[kind]
  const x = size && bigEndian(bytes.subarray(4, 4 + COORDINATE), size)
  const y = size && bigEndian(bytes.subarray(4 + COORDINATE, 4 + 2 * COORDINATE), size)
  if (!x || !y || kind === undefined) return undefined
  const key: EcKey = { kind, bytes: concatBytes(x, y) }
  return isOnCurve(key) ? key : undefined
}

function rsaOf(bits: number, bytes: Uint8Array): PublicKey | undefined {
  if (bits !== 2048 && bits !== 4096) return undefined
  const exponent = bigEndian(bytes.subarray(4, 4 + 512), bits / 8)
  const modulus = bigEndian(bytes.subarray(4 + 512), bits / 8)
  return exponent === undefined || modulus === undefined || (modulus[0] as number) < 0x80
    ? undefined
    : rsaKey(modulus, exponent)
}

/** Parses one certificate of 2084 bytes. @throws EvidenceError */
export function parseSevCertificate(input: Uint8Array): SevCertificate {
  const bytes = new Uint8Array(input)
  const reader = new Reader(bytes)
  const certificate = readSevCertificate(bytes, reader, 'certificate')
  reader.end('certificate')
  return certificate
}

/** The bytes of a certificate; parsing and encoding give back the same bytes. */
export function encodeSevCertificate(one: Omit<SevCertificate, 'form' | 'signedBytes' | 'key'>): Uint8Array {
  const slots = one.signatures.flatMap(({ usage, algorithm, value }) => [u32(usage), u32(algorithm), value])
  return concatBytes(
    u32(1),
    Uint8Array.of(one.apiMajor, one.apiMinor),
    one.reserved,
    u32(one.usage),
    u32(one.algorithm),
    one.keyBytes,
    ...slots,
  )
}

/** Whether a slot says that it is empty. */
export function isEmptySlot({ usage, algorithm }: SevSignature): boolean {
  return usage === SEV_USAGE.invalid && algorithm === 0
}

/**
 * The check of the signature by a signer of that usage. The slot is found by the usage it names, never
 * by its position; the hash is that of the slot's algorithm, not the key's.
 *
 * @returns undefined when no slot, or more than one, names this usage, or its value cannot verify
 */
export function signatureBy(certificate: SevCertificate, usage: number, key: PublicKey): SignatureJob | undefined {
  const slots = certificate.signatures.filter((one) => one.usage === usage)
  const slot = slots[0]
  if (slot === undefined || slots.length > 1) return undefined
  return signatureJob(slot.algorithm, slot.value, certificate.signedBytes, key)
}

/** The check of a value as stored in a slot. @returns undefined when algorithm, key and value do not fit each other */
export function signatureJob(
  algorithm: number,
  value: Uint8Array,
  data: Uint8Array,
  key: PublicKey,
): SignatureJob | undefined {
  const scheme = SCHEMES[algorithm]
  if (scheme === undefined || scheme.startsWith('rsa') !== (key.kind === 'RSA')) return undefined
  const signature =
    key.kind === 'RSA' ? rsaValue(value, (key.bits ?? 0) / 8) : ecdsaValue(value, key.kind === 'P-256' ? 32 : 48)
  return signature && { kind: 'signature', scheme, key, data, signature }
}

function rsaValue(value: Uint8Array, size: number): Uint8Array | undefined {
  return size === 256 || size === 512 ? bigEndian(value, size) : undefined
}

function ecdsaValue(value: Uint8Array, size: number): Uint8Array | undefined {
  const r = bigEndian(value.subarray(0, COORDINATE), size)
  const s = bigEndian(value.subarray(COORDINATE, 2 * COORDINATE), size)
  return r === undefined || s === undefined || !allZero(value.subarray(2 * COORDINATE)) ? undefined : concatBytes(r, s)
}
