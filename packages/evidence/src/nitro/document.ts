import { decodeCbor } from '../cbor/decode.ts'
import { CBOR_NULL, cborArray, cborBytes, cborInteger, cborMap, cborText } from '../cbor/encode.ts'
import { type CborItem, type CborMap, isNull } from '../cbor/item.ts'
import { type CoseSign1, encodeSign1, readSign1 } from '../cbor/sign1.ts'
import { arrayOf, bytesOf, integerOf, mapOf, textOf, wrongItem } from '../cbor/typed.ts'
import { refuse } from '../core/errors.ts'

/** Longest document that is read, in bytes; the device's answers have at most 12288. */
export const NITRO_MAX_SIZE: number = 64 * 1024

/** Which device made the document: the enclave's NSM, or the NitroTPM of an instance. */
export type NitroDevice = 'nsm' | 'nitrotpm'

/** One platform configuration register. */
export interface NitroPcr {
  readonly index: number
  /** 48 bytes: the digest is SHA-384 throughout. */
  readonly value: Uint8Array
}

/** A payload's own fields. Byte strings are views on the input. */
export interface NitroPayload {
  readonly device: NitroDevice
  /** `i-<instance>-enc<enclave>`, for NitroTPM `i-<instance>-tpm<number>`. */
  readonly moduleId: string
  readonly digest: 'SHA384'
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** In the order received. */
  readonly pcrs: readonly NitroPcr[]
  /** DER of the leaf, which signed the document. */
  readonly certificate: Uint8Array
  /** DER, root first, the leaf's issuer last. */
  readonly cabundle: readonly Uint8Array[]
  /** Opaque: any bytes that the workload chose. Null and absent are distinct from an empty byte string. */
  readonly publicKey: Uint8Array | null | undefined
  readonly userData: Uint8Array | null | undefined
  readonly nonce: Uint8Array | null | undefined
  /** Names of all members in the order received, with those that are not known. */
  readonly members: readonly string[]
  /** Members without a meaning here, as encoded. They are signed, and claim nothing. */
  readonly unknown: Readonly<Record<string, Uint8Array>>
  /** Whether the map was written with an indefinite length, as newer hypervisors do. */
  readonly indefinite: boolean
}

/** An attestation document. @see AWS Nitro Enclaves, attestation process, section 2 */
export interface NitroDocument extends NitroPayload {
  readonly cose: CoseSign1
}

/** A register that was never extended, in hex. */
export const ZERO_PCR: string = '0'.repeat(96)

const MAX_BYTES = 1024
const MAX_CERTIFICATES = 16
const PCR_SIZE = 48
const PCRS: Readonly<Record<string, NitroDevice>> = { pcrs: 'nsm', nitrotpm_pcrs: 'nitrotpm' }
const KNOWN: readonly string[] = [
  'module_id',
  'digest',
  'timestamp',
  'certificate',
  'cabundle',
  'public_key',
  'user_data',
  'nonce',
  ...Object.keys(PCRS),
]

/**
 * Reads an attestation document: a COSE_Sign1, tagged or not. `bytes` is kept, not copied.
 *
 * @throws EvidenceError when the bytes are no document, break a bound, or go on behind it
 */
export function parseNitroDocument(bytes: Uint8Array): NitroDocument {
  if (bytes.length > NITRO_MAX_SIZE) {
    throw refuse('document', `${bytes.length} bytes`, `at most ${NITRO_MAX_SIZE} bytes`, NITRO_MAX_SIZE, 'too-large')
  }
  const cose = readSign1(bytes, decodeCbor(bytes, { field: 'document', maxItems: 64 }), 'document')
  if (cose.unprotected.entries.length > 0)
    throw wrongItem(cose.unprotected, 'document.unprotected', 'an empty map', 'unsigned headers')
  const start = cose.payloadOffset
  const payload = decodeCbor(bytes, {
    field: 'document.payload',
    start,
    end: start + cose.payload.length,
    maxItems: 512,
  })
  return { ...readPayload(bytes, mapOf(payload, 'document.payload')), cose }
}

function readPayload(bytes: Uint8Array, map: CborMap): NitroPayload {
  const found = new Map<string, CborItem>()
  const unknown: Record<string, Uint8Array> = Object.create(null)
  for (const { key, value } of map.entries) {
    const name = textOf(key, 'document.payload', 1, 64)
    if (KNOWN.includes(name)) found.set(name, value)
    else unknown[name] = bytes.subarray(value.offset, value.end)
  }
  const need = <T, B extends readonly unknown[]>(
    name: string,
    read: (item: CborItem, field: string, ...bounds: B) => T,
    ...bounds: B
  ): T => {
    const item = found.get(name)
    if (item !== undefined) return read(item, `document.${name}`, ...bounds)
    throw wrongItem(map, `document.${name}`, 'the member', 'nothing of that name')
  }
  const optional = (name: string, min: number): Uint8Array | null | undefined => {
    const item = found.get(name)
    if (item === undefined) return undefined
    return isNull(item) ? null : bytesOf(item, `document.${name}`, min, MAX_BYTES)
  }
  const name = pcrsName(found, map)
  return {
    device: PCRS[name] as NitroDevice,
    moduleId: need('module_id', textOf, 1, 256),
    digest: need('digest', readDigest),
    timestamp: need('timestamp', integerOf, 1, MAX_TIMESTAMP),
    pcrs: need(name, readPcrs),
    certificate: need('certificate', bytesOf, 1, MAX_BYTES),
    cabundle: need('cabundle', arrayOf, 1, MAX_CERTIFICATES).items.map((one, i) =>
      bytesOf(one, `document.cabundle[${i}]`, 1, MAX_BYTES),
    ),
    publicKey: optional('public_key', 1),
    userData: optional('user_data', 0),
    nonce: optional('nonce', 0),
    members: map.entries.map(({ key }) => String(key.value)),
    unknown,
    indefinite: map.indefinite,
  }
}

/** End of the year 9999. */
const MAX_TIMESTAMP: number = Date.UTC(10000, 0, 1) - 1

function pcrsName(found: ReadonlyMap<string, CborItem>, map: CborMap): string {
  const names = Object.keys(PCRS).filter((name) => found.has(name))
  if (names.length === 1) return names[0] as string
  throw wrongItem(
    map,
    'document.pcrs',
    'either `pcrs` or `nitrotpm_pcrs`',
    names.length === 0 ? 'neither of them' : 'both of them',
  )
}

function readDigest(item: CborItem, field: string): 'SHA384' {
  if (item.type === 'text' && item.value === 'SHA384') return item.value
  throw wrongItem(item, field, 'the text SHA384')
}

function readPcrs(item: CborItem, field: string): readonly NitroPcr[] {
  const map = mapOf(item, field)
  if (map.entries.length === 0 || map.entries.length > 32)
    throw wrongItem(item, field, 'a map of 1 to 32 registers', `a map of ${map.entries.length}`)
  return map.entries.map(({ key, value }) => {
    const index = integerOf(key, field, 0, 31)
    return { index, value: bytesOf(value, `${field}[${index}]`, PCR_SIZE, PCR_SIZE) }
  })
}

/** Value of a register, or undefined when the document does not have it. */
export function pcrOf(document: NitroPayload, index: number): Uint8Array | undefined {
  return document.pcrs.find((pcr) => pcr.index === index)?.value
}

/** Id of the EC2 instance: the module id up to `-enc` or `-tpm`. Undefined when it has another form. */
export function instanceIdOf(moduleId: string): string | undefined {
  return /^(i-[0-9a-f]{8,17})-(?:enc|tpm)[0-9a-f]+$/.exec(moduleId)?.[1]
}

/** The protected header of every document: algorithm ES384, and nothing else. */
export const NITRO_PROTECTED: Uint8Array = /* @__PURE__ */ cborMap([
  [/* @__PURE__ */ cborInteger(1), /* @__PURE__ */ cborInteger(-35)],
])

/** Writes a payload; members stand in the order that `members` says. */
export function encodeNitroPayload(payload: NitroPayload): Uint8Array {
  return cborMap(
    payload.members.map((name) => [cborText(name), memberOf(payload, name)]),
    payload.indefinite,
  )
}

function memberOf(payload: NitroPayload, name: string): Uint8Array {
  switch (name) {
    case 'module_id':
      return cborText(payload.moduleId)
    case 'digest':
      return cborText(payload.digest)
    case 'timestamp':
      return cborInteger(payload.timestamp)
    case 'pcrs':
    case 'nitrotpm_pcrs':
      return cborMap(payload.pcrs.map(({ index, value }) => [cborInteger(index), cborBytes(value)]))
    case 'certificate':
      return cborBytes(payload.certificate)
    case 'cabundle':
      return cborArray(payload.cabundle.map(cborBytes))
    case 'public_key':
      return bytesOrNull(payload.publicKey)
    case 'user_data':
      return bytesOrNull(payload.userData)
    case 'nonce':
      return bytesOrNull(payload.nonce)
    default:
      return payload.unknown[name] ?? CBOR_NULL
  }
}

function bytesOrNull(value: Uint8Array | null | undefined): Uint8Array {
  return value === null || value === undefined ? CBOR_NULL : cborBytes(value)
}

/** Writes a document again, byte for byte as it was when it was in the form that hypervisors write. */
export function encodeNitroDocument(document: NitroDocument): Uint8Array {
  return encodeSign1({ ...document.cose, payload: encodeNitroPayload(document) })
}
