import { cborArray, cborBytes, cborInteger, cborMap, cborText } from '../cbor/encode.ts'
import { type CborItem, type CborMap, entryOf } from '../cbor/item.ts'
import { arrayOf, bytesOfLength, mapOf, textOf, wrongItem } from '../cbor/typed.ts'
import { toHex } from '../core/bytes.ts'
import { MANDATORY } from './claims-set.ts'

/** Lengths of SHA-256, SHA-384 and SHA-512 digests, in bytes. */
export const DIGEST_LENGTHS: readonly number[] = [32, 48, 64]

/** One measured part of the firmware. @see RFC 9783, section 4.4.1 */
export interface SoftwareComponent {
  /** Role or name of the component. */
  readonly type: string | undefined
  readonly measurement: Uint8Array
  readonly version: string | undefined
  /** Digest of the key that signed the component. */
  readonly signerId: Uint8Array | undefined
  /** Hash algorithm of the measurement, as the token spells it. */
  readonly hashAlgorithm: string | undefined
  /** Keys in the order received. */
  readonly order: readonly number[]
}

const KEY = { type: 1, measurement: 2, version: 4, signer: 5, hash: 6 } as const
const MAX_COMPONENTS = 128
const MAX_TEXT = 256

/** Reads the list of components; `signer` says whether each must name its signer. @throws EvidenceError */
export function readComponents(
  item: CborItem,
  field: string,
  signer: 'mandatory' | 'optional',
): readonly SoftwareComponent[] {
  return arrayOf(item, field, 1, MAX_COMPONENTS).items.map((one, i) =>
    readComponent(mapOf(one, `${field}[${i}]`), `${field}[${i}]`, signer),
  )
}

function readComponent(map: CborMap, field: string, signer: 'mandatory' | 'optional'): SoftwareComponent {
  const text = (key: number, name: string): string | undefined => {
    const item = entryOf(map, key)
    return item === undefined ? undefined : textOf(item, `${field}.${name}`, 0, MAX_TEXT)
  }
  const digest = (key: number, name: string): Uint8Array | undefined => {
    const item = entryOf(map, key)
    return item === undefined ? undefined : bytesOfLength(item, `${field}.${name}`, DIGEST_LENGTHS)
  }
  const measurement = digest(KEY.measurement, 'measurement')
  if (measurement === undefined) throw wrongItem(map, `${field}.measurement`, MANDATORY, 'no measurement')
  const signerId = digest(KEY.signer, 'signer-id')
  if (signerId === undefined && signer === 'mandatory')
    throw wrongItem(map, `${field}.signer-id`, MANDATORY, 'no signer')
  const order: number[] = []
  for (const { key } of map.entries) if (typeof key.value === 'number') order.push(key.value)
  return {
    type: text(KEY.type, 'type'),
    measurement,
    version: text(KEY.version, 'version'),
    signerId,
    hashAlgorithm: text(KEY.hash, 'hash-algorithm'),
    order,
  }
}

/** Writes a list of components. */
export function encodeComponents(components: readonly SoftwareComponent[]): Uint8Array {
  return cborArray(components.map(encodeComponent))
}

function encodeComponent(component: SoftwareComponent): Uint8Array {
  const entries: (readonly [Uint8Array, Uint8Array])[] = []
  for (const key of component.order) {
    const value = valueOf(component, key)
    if (value !== undefined) entries.push([cborInteger(key), value])
  }
  return cborMap(entries)
}

function valueOf(
  { type, measurement, version, signerId, hashAlgorithm }: SoftwareComponent,
  key: number,
): Uint8Array | undefined {
  switch (key) {
    case KEY.type:
      return type === undefined ? undefined : cborText(type)
    case KEY.measurement:
      return cborBytes(measurement)
    case KEY.version:
      return version === undefined ? undefined : cborText(version)
    case KEY.signer:
      return signerId === undefined ? undefined : cborBytes(signerId)
    case KEY.hash:
      return hashAlgorithm === undefined ? undefined : cborText(hashAlgorithm)
    default:
      return undefined
  }
}

/** A component as claims show it. */
export interface ComponentClaim {
  readonly type?: string
  readonly version?: string
  readonly measurement: string
  readonly signerId?: string
  readonly hashAlgorithm?: string
}

/** Components as claims, in lower-case hex. */
export function componentClaims(components: readonly SoftwareComponent[]): readonly ComponentClaim[] {
  return components.map(componentClaim)
}

// Member by member: copying with spreads costs several times as much.
function componentClaim({ type, version, measurement, signerId, hashAlgorithm }: SoftwareComponent): ComponentClaim {
  const claim: { -readonly [K in keyof ComponentClaim]?: ComponentClaim[K] } = {}
  if (type !== undefined) claim.type = type
  if (version !== undefined) claim.version = version
  const made = Object.assign(claim, { measurement: toHex(measurement) })
  if (signerId !== undefined) made.signerId = toHex(signerId)
  if (hashAlgorithm !== undefined) made.hashAlgorithm = hashAlgorithm
  return made
}
