import { bigEndian, concatBytes } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import type { CipherJob } from '../crypto/jobs.ts'
import { BigEndianReader, msbBit } from './big-endian.ts'
import { readRequestHead } from './request-head.ts'
import { sealedJob, TAG_SIZE } from './sealed.ts'
import { type KeySlot, readCustomerKey, readSlots, SLOT_SIZE, slotBytes } from './slots.ts'

const VERSION = 0x100
const FIXED_SIZE = 224
const KEY_SIZE = 64
const NONCE_SIZE = 16

/** Flags of a request by the name of what they ask for. */
export interface SeRequestFlags {
  readonly nonce: boolean
  readonly imageHostKey: boolean
  readonly attestationHostKey: boolean
  readonly secretStore: boolean
  readonly firmwareState: boolean
}

/**
 * An attestation request (ARCB): what the verifier asks the Ultravisor, encrypted for the hosts in its
 * slots. Byte strings are views on a copy.
 */
export interface SeRequest {
  readonly iv: Uint8Array
  readonly flags: bigint
  /** 1 is HMAC-SHA-512. */
  readonly measurementAlgorithm: number
  readonly customerKey: Uint8Array
  readonly slots: readonly KeySlot[]
  readonly encrypted: Uint8Array
  readonly tag: Uint8Array
  /** Bytes 28 to 38, 40 to 43 and 60 to 63, which are authenticated and otherwise meaningless. */
  readonly reserved: readonly [Uint8Array, Uint8Array, Uint8Array]
  readonly bytes: Uint8Array
}

/** Parses a request. @throws EvidenceError */
export function parseSeRequest(input: Uint8Array): SeRequest {
  const bytes = new Uint8Array(input)
  const reader = new BigEndianReader(bytes)
  if (reader.be64('request.magic') !== 0n) throw refuse('request.magic', 'other bytes', '8 zero bytes')
  const { size, iv, reserved, count, encryptedSize } = readRequestHead(reader, 'request')
  if (size !== bytes.length) throw refuse('request.size', String(size), `${bytes.length}, the size of the request`, 12)
  if (count === 0 || FIXED_SIZE + count * SLOT_SIZE + encryptedSize + TAG_SIZE !== size) {
    throw refuse(
      'request.keySlots',
      `${count} slots and ${encryptedSize} encrypted bytes`,
      'one or more, as many as the size tells',
      39,
    )
  }
  const flags = reader.be64('request.flags')
  const measurementAlgorithm = reader.be32('request.measurementAlgorithm')
  if (measurementAlgorithm !== 1)
    throw refuse(
      'request.measurementAlgorithm',
      String(measurementAlgorithm),
      '1 (HMAC-SHA-512)',
      56,
      'unsupported-algorithm',
    )
  const third = reader.bytes(4, 'request.reserved')
  const expected = KEY_SIZE + (msbBit(flags, 1) ? NONCE_SIZE : 0)
  if (encryptedSize !== expected)
    throw refuse('request.encryptedSize', String(encryptedSize), `${expected}, as the flags tell`, 44)
  const customerKey = readCustomerKey(reader)
  const slots = readSlots(reader, count)
  const encrypted = reader.bytes(encryptedSize, 'request.encrypted')
  const tag = reader.bytes(TAG_SIZE, 'request.tag')
  reader.end('request')
  return {
    iv,
    flags,
    measurementAlgorithm,
    customerKey,
    slots,
    encrypted,
    tag,
    reserved: [...reserved, third],
    bytes,
  }
}

/** The bytes of a request; parsing and encoding give back the same bytes. */
export function encodeSeRequest(request: Omit<SeRequest, 'bytes'>): Uint8Array {
  const { slots, encrypted, reserved } = request
  return concatBytes(
    new Uint8Array(8),
    bigEndian(VERSION, 4),
    bigEndian(FIXED_SIZE + slots.length * SLOT_SIZE + encrypted.length + TAG_SIZE, 4),
    request.iv,
    reserved[0],
    Uint8Array.of(slots.length),
    reserved[1],
    bigEndian(encrypted.length, 4),
    bigEndian(request.flags, 8),
    bigEndian(request.measurementAlgorithm, 4),
    reserved[2],
    request.customerKey,
    ...slotBytes(slots),
    encrypted,
    request.tag,
  )
}

/** Decodes the flags; bits count from the most significant one. */
export function seRequestFlags(flags: bigint): SeRequestFlags {
  return {
    nonce: msbBit(flags, 1),
    imageHostKey: msbBit(flags, 2),
    attestationHostKey: msbBit(flags, 3),
    secretStore: msbBit(flags, 4),
    firmwareState: msbBit(flags, 5),
  }
}

/** Opens a request with its protection key; the tag covers everything in front. */
export function seRequestJob(request: SeRequest, protectionKey: Uint8Array): CipherJob {
  return sealedJob(request, protectionKey)
}

/** What a request holds for the Ultravisor. */
export interface SeRequestSecrets {
  readonly measurementKey: Uint8Array
  readonly nonce: Uint8Array | undefined
}

/** Splits the opened part of a request. */
export function readSeRequestSecrets(opened: Uint8Array): SeRequestSecrets {
  return {
    measurementKey: opened.subarray(0, KEY_SIZE),
    nonce: opened.length > KEY_SIZE ? opened.subarray(KEY_SIZE) : undefined,
  }
}

/** Additional data by what they are; undefined where nobody asked. */
export interface SeAdditionalData {
  readonly imageHostKeyHash: Uint8Array | undefined
  readonly attestationHostKeyHash: Uint8Array | undefined
  readonly secretStoreHash: Uint8Array | undefined
  readonly firmwareState: Uint8Array | undefined
}

/** Splits additional data as the flags of the request tell. @throws EvidenceError when they are longer or shorter */
export function readSeAdditionalData(data: Uint8Array, flags: SeRequestFlags): SeAdditionalData {
  const reader = new BigEndianReader(data)
  const take = (wanted: boolean, size: number, field: string): Uint8Array | undefined =>
    wanted ? reader.bytes(size, `additionalData.${field}`) : undefined
  const read = {
    imageHostKeyHash: take(flags.imageHostKey, 32, 'imageHostKeyHash'),
    attestationHostKeyHash: take(flags.attestationHostKey, 32, 'attestationHostKeyHash'),
    secretStoreHash: take(flags.secretStore, 64, 'secretStoreHash'),
    firmwareState: take(flags.firmwareState, 320, 'firmwareState'),
  }
  reader.end('additionalData')
  return read
}

/** What a measurement covers, beside what the measurement key proves. */
export interface SeMeasured {
  readonly pld: Uint8Array
  readonly ald: Uint8Array
  readonly tld: Uint8Array
  readonly tag: Uint8Array
  readonly configUid: Uint8Array
  readonly userData: Uint8Array
  readonly nonce: Uint8Array | undefined
  readonly additional: Uint8Array
}

/** The bytes that the Ultravisor authenticates with HMAC-SHA-512. Lengths are there even when zero; the nonce has none. */
export function seMeasuredBytes(measured: SeMeasured): Uint8Array {
  const { pld, ald, tld, tag, configUid, userData, nonce, additional } = measured
  return concatBytes(
    pld,
    ald,
    tld,
    tag,
    configUid,
    bigEndian(userData.length, 2),
    bigEndian(0, 2),
    bigEndian(additional.length, 4),
    userData,
    nonce ?? new Uint8Array(0),
    additional,
  )
}
