import { bigEndian, concatBytes } from '../core/bytes.ts'
import { CURVE_BYTES, type Curve, type DigestJob, type PublicKey } from '../crypto/jobs.ts'
import { rsaKey } from '../crypto/rsa-key.ts'
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
import { sized, TpmReader } from './reader.ts'

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
  readonly curve: Curve | undefined
  /** RSA: the modulus. ECC: x and y as received. */
  readonly unique: readonly Uint8Array[]
}

const MAX_PUBLIC = 2048
const CURVES: Readonly<Record<number, Curve>> = { 3: 'P-256', 4: 'P-384', 5: 'P-521' }

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
  if (area.curve === undefined) return rsaKey(area.unique[0] as Uint8Array, bigEndian(area.exponent ?? 65537, 4))
  const size = CURVE_BYTES[area.curve]
  const point = new Uint8Array(2 * size)
  for (const [i, number] of area.unique.entries()) point.set(number, (i + 1) * size - number.length)
  return { kind: area.curve, bytes: point }
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
