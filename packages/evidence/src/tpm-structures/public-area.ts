import { concatBytes } from '../core/bytes.ts'
import { CURVE_BYTES, type DigestJob, type KeyKind, type PublicKey } from '../crypto/jobs.ts'
import {
  algorithmId,
  computable,
  hashOf,
  idText,
  NULL_ALGORITHM,
  schemeOf,
  type TpmHash,
  type TpmScheme,
} from './algorithms.ts'
import { bigEndian, sized, TpmReader } from './reader.ts'

/** TPMA_OBJECT by bit. @see TCG TPM 2.0 Library, part 2, section 8.3 */
export const OBJECT_ATTRIBUTES = {
  fixedTPM: 1,
  stClear: 2,
  fixedParent: 4,
  sensitiveDataOrigin: 5,
  userWithAuth: 6,
  adminWithPolicy: 7,
  noDA: 10,
  encryptedDuplication: 11,
  restricted: 16,
  decrypt: 17,
  sign: 18,
} as const

/** Name of an attribute of a TPM object. */
export type ObjectAttribute = keyof typeof OBJECT_ATTRIBUTES

/** The public area of an RSA or ECC key, a TPMT_PUBLIC. */
export interface TpmPublic {
  /** As received, without the size in front of a TPM2B_PUBLIC. */
  readonly bytes: Uint8Array
  readonly type: 'rsa' | 'ecc'
  readonly nameAlg: TpmHash
  readonly attributes: number
  readonly authPolicy: Uint8Array
  /** Undefined for keys that encrypt no children. */
  readonly symmetric: { readonly algorithm: number; readonly keyBits: number; readonly mode: number } | undefined
  /** Undefined when the key may be used with any scheme. `other` is a scheme that signs no quotes. */
  readonly scheme: { readonly name: TpmScheme | 'other'; readonly id: number; readonly hash: TpmHash } | undefined
  /** RSA modulus in bits, or those of the curve. */
  readonly keyBits: number
  /** RSA only. */
  readonly exponent: number | undefined
  readonly curve: Exclude<KeyKind, 'RSA'> | undefined
  /** RSA: the modulus. ECC: x and y as received. */
  readonly unique: readonly Uint8Array[]
}

const MAX_PUBLIC = 2048
const CURVES: Readonly<Record<number, Exclude<KeyKind, 'RSA'>>> = { 3: 'P-256', 4: 'P-384', 5: 'P-521' }

/**
 * Parses a TPMT_PUBLIC, or a TPM2B_PUBLIC, which has its size in front; nothing may follow.
 *
 * @see TCG TPM 2.0 Library, part 2, section 12.2.4
 * @throws EvidenceError
 */
export function parsePublic(bytes: Uint8Array): TpmPublic {
  const isSized = bytes.length > 2 && (((bytes[0] as number) << 8) | (bytes[1] as number)) === bytes.length - 2
  const area = isSized ? bytes.subarray(2) : bytes
  const from = new TpmReader(area, 'TPMT_PUBLIC')
  if (area.length > MAX_PUBLIC)
    throw from.error('too-large', `${area.length} bytes`, 'length', `at most ${MAX_PUBLIC} bytes`)
  const kind = from.u16('type')
  if (kind !== 0x0001 && kind !== 0x0023)
    throw from.error('unsupported-algorithm', idText(kind), 'type', 'an RSA or ECC key', 0)
  const nameAlg = hash(from, 'nameAlg')
  const attributes = from.u32('objectAttributes')
  const authPolicy = from.sized(64, 'authPolicy')
  const symmetric = readSymmetric(from)
  const scheme = readScheme(from)
  const key = kind === 1 ? readRsa(from) : readEcc(from)
  from.end()
  return { bytes: area, type: kind === 1 ? 'rsa' : 'ecc', nameAlg, attributes, authPolicy, symmetric, scheme, ...key }
}

function hash(from: TpmReader, field: string): TpmHash {
  const id = from.u16(field)
  const name = hashOf(id)
  if (name === undefined)
    throw from.error('unsupported-algorithm', idText(id), field, 'a hash algorithm', from.offset - 2)
  return name
}

function readSymmetric(from: TpmReader): TpmPublic['symmetric'] {
  const algorithm = from.u16('parameters.symmetric.algorithm')
  if (algorithm === NULL_ALGORITHM) return undefined
  return { algorithm, keyBits: from.u16('parameters.symmetric.keyBits'), mode: from.u16('parameters.symmetric.mode') }
}

const RSAES = 0x0015

function readScheme(from: TpmReader): TpmPublic['scheme'] {
  const id = from.u16('parameters.scheme')
  if (id === NULL_ALGORITHM) return undefined
  // RSAES is the one scheme without a hash.
  if (id === RSAES) return { name: 'other', id, hash: 'sha256' }
  const name = schemeOf(id) ?? 'other'
  return { name, id, hash: hash(from, 'parameters.scheme.hashAlg') }
}

type Key = Pick<TpmPublic, 'keyBits' | 'exponent' | 'curve' | 'unique'>

function readRsa(from: TpmReader): Key {
  const keyBits = from.u16('parameters.keyBits')
  const at = from.offset
  const exponent = from.u32('parameters.exponent')
  if (exponent !== 0 && (exponent < 3 || exponent % 2 === 0))
    throw from.error('malformed', `${exponent}`, 'parameters.exponent', '0 (which is 65537) or an odd number', at)
  const modulus = from.sized(1024, 'unique')
  if (modulus.length * 8 !== keyBits)
    throw from.error('malformed', `${modulus.length} bytes`, 'unique', `${keyBits} bits`)
  return { keyBits, exponent: exponent === 0 ? 65537 : exponent, curve: undefined, unique: [modulus] }
}

function readEcc(from: TpmReader): Key {
  const id = from.u16('parameters.curveID')
  const curve = CURVES[id]
  if (curve === undefined)
    throw from.error(
      'unsupported-algorithm',
      idText(id),
      'parameters.curveID',
      'P-256, P-384 or P-521',
      from.offset - 2,
    )
  if (from.u16('parameters.kdf') !== NULL_ALGORITHM) hash(from, 'parameters.kdf.hashAlg')
  const size = CURVE_BYTES[curve]
  const unique = [from.sized(size, 'unique.x'), from.sized(size, 'unique.y')]
  return { keyBits: curve === 'P-521' ? 521 : size * 8, exponent: undefined, curve, unique }
}

/** Attributes that are set, in the order of their bits. */
export function attributeNames({ attributes }: Pick<TpmPublic, 'attributes'>): readonly ObjectAttribute[] {
  // The table has these keys and no others.
  const names = Object.keys(OBJECT_ATTRIBUTES) as ObjectAttribute[]
  return names.filter((name) => (attributes >>> OBJECT_ATTRIBUTES[name]) & 1)
}

/** The key in the form in which signatures are checked. */
export function publicKeyOf(area: Pick<TpmPublic, 'curve' | 'unique' | 'exponent' | 'keyBits'>): PublicKey {
  if (area.curve === undefined) return rsaKey(area.unique[0] as Uint8Array, area.exponent ?? 65537)
  const size = CURVE_BYTES[area.curve]
  const point = new Uint8Array(2 * size)
  for (const [i, number] of area.unique.entries()) point.set(number, (i + 1) * size - number.length)
  return { kind: area.curve, bytes: point }
}

/** An RSA key from its modulus, big-endian, and exponent. */
export function rsaKey(modulus: Uint8Array, exponent: number): PublicKey {
  let start = 0
  while (start < modulus.length - 1 && modulus[start] === 0) start++
  const number = modulus.subarray(start)
  const bytes = der(0x30, derInteger(number), derInteger(shortest(exponent)))
  return { kind: 'RSA', bytes, bits: number.length * 8 - Math.clz32(number[0] ?? 0) + 24 }
}

function shortest(value: number): Uint8Array {
  const bytes = bigEndian(value, 4)
  const start = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(start < 0 ? 3 : start)
}

function derInteger(number: Uint8Array): Uint8Array {
  return (number[0] ?? 0) >= 0x80 ? der(0x02, Uint8Array.of(0), number) : der(0x02, number)
}

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...parts)
  const { length } = content
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return concatBytes(Uint8Array.from(header), content)
}

const EC_ALGORITHMS: Readonly<Record<Exclude<KeyKind, 'RSA'>, readonly number[]>> = {
  'P-256': [
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07,
  ],
  'P-384': [0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
  'P-521': [0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23],
}
const RSA_ALGORITHM: readonly number[] = [
  0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
]

/** The DER SubjectPublicKeyInfo of a key. @see RFC 5480, section 2; RFC 8017, appendix A.1 */
export function spkiOf(key: PublicKey): Uint8Array {
  const algorithm = key.kind === 'RSA' ? RSA_ALGORITHM : EC_ALGORITHMS[key.kind]
  const bits = key.kind === 'RSA' ? [0x00] : [0x00, 0x04]
  return der(0x30, Uint8Array.from(algorithm), der(0x03, Uint8Array.from(bits), key.bytes))
}

/** The digest in an object's name; undefined when its hash cannot be computed here. Settle it, then see {@link nameOf}. */
export function nameJob(area: TpmPublic): DigestJob | undefined {
  const algorithm = computable(area.nameAlg)
  return algorithm === undefined ? undefined : { kind: 'digest', algorithm, data: area.bytes }
}

/** A name or qualified name: the hash's id, then the settled digest. @see TCG TPM 2.0 Library, part 1, section 16 */
export function nameOf(hash: TpmHash, digest: Uint8Array): Uint8Array {
  return concatBytes(bigEndian(algorithmId(hash), 2), digest)
}

/** The digest in the qualified name of a key with this name below a parent with that qualified name, or a hierarchy's handle. */
export function qualifiedNameJob(hash: TpmHash, parent: Uint8Array, name: Uint8Array): DigestJob | undefined {
  const algorithm = computable(hash)
  return algorithm === undefined ? undefined : { kind: 'digest', algorithm, data: concatBytes(parent, name) }
}

/** Writes a TPM2B_PUBLIC around the area as received. */
export function encodePublic2b(area: TpmPublic): Uint8Array {
  return sized(area.bytes)
}
