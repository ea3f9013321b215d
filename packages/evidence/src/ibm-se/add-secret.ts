import { allZero, bigEndian, concatBytes, equalBytes } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import type { CipherJob } from '../crypto/jobs.ts'
import { BigEndianReader, msbBit } from './big-endian.ts'
import { readRequestHead } from './request-head.ts'
import { sealedJob, TAG_SIZE } from './sealed.ts'
import { type KeySlot, readCustomerKey, readSlots, SLOT_SIZE, slotBytes } from './slots.ts'

const MAGIC: Uint8Array = Uint8Array.from('asrcbM', (letter) => letter.charCodeAt(0))
const VERSION = 0x100
const FIXED_SIZE = 1208
const MAX_SIZE = 8192
const NULL_KIND = 1

/**
 * An add-secret request (ASRCB): a secret for the store of a running guest. Its tag is what the hash of
 * the secret store covers. Byte strings are views on a copy.
 */
export interface SeAddSecretRequest {
  /** 0 none, 1 unsigned, 2 signed with EC P-521, 3 with RSA-2048, 4 with RSA-3072. */
  readonly userDataKind: number
  readonly iv: Uint8Array
  readonly flags: bigint
  readonly disableDump: boolean
  readonly pld: Uint8Array
  readonly ald: Uint8Array
  readonly tld: Uint8Array
  readonly headerTag: Uint8Array
  /** All zero: any configuration. */
  readonly configUid: Uint8Array
  readonly userData: Uint8Array
  readonly customerKey: Uint8Array
  readonly slots: readonly KeySlot[]
  /** In the clear: 16 bytes for the null secret, 48 for the others. */
  readonly secretHeader: Uint8Array
  readonly secretKind: number
  readonly secretLength: number
  /** SHA-256 of the secret's name; undefined for the null secret. */
  readonly secretId: Uint8Array | undefined
  readonly encrypted: Uint8Array
  readonly tag: Uint8Array
  readonly bytes: Uint8Array
}

/** Parses an add-secret request. @throws EvidenceError */
export function parseSeAddSecretRequest(input: Uint8Array): SeAddSecretRequest {
  if (input.length > MAX_SIZE)
    throw refuse('addSecret', `${input.length} bytes`, `at most ${MAX_SIZE} bytes`, 0, 'too-large')
  const bytes = new Uint8Array(input)
  const reader = new BigEndianReader(bytes)
  if (!equalBytes(reader.bytes(6, 'addSecret.magic'), MAGIC)) throw refuse('addSecret.magic', 'other bytes', '`asrcbM`')
  const userDataKind = reader.be16('addSecret.userDataKind')
  if (userDataKind > 4) throw refuse('addSecret.userDataKind', String(userDataKind), '0 to 4', 6)
  const { size, iv, reserved, count, encryptedSize } = readRequestHead(reader, 'addSecret')
  assertZeros(reserved[0], 28)
  assertZeros(reserved[1], 40)
  if (size !== bytes.length || count === 0)
    throw refuse('addSecret.size', `${size} bytes and ${count} slots`, `${bytes.length} bytes and one slot or more`, 12)
  const flags = reader.be64('addSecret.flags')
  const digests = [64, 64, 64].map((length) => reader.bytes(length, 'addSecret.digests'))
  const headerTag = reader.bytes(TAG_SIZE, 'addSecret.headerTag')
  const configUid = reader.bytes(16, 'addSecret.configUid')
  zeros(reader, 256, 'addSecret.reserved')
  const userData = reader.bytes(512, 'addSecret.userData')
  const customerKey = readCustomerKey(reader)
  const slots = readSlots(reader, count)
  const secretHeader = reader.bytes(
    Math.max(0, size - FIXED_SIZE - count * SLOT_SIZE - encryptedSize - TAG_SIZE),
    'addSecret.secretHeader',
  )
  const secret = readSecretHeader(secretHeader, FIXED_SIZE + count * SLOT_SIZE)
  const encrypted = reader.bytes(encryptedSize, 'addSecret.encrypted')
  const tag = reader.bytes(TAG_SIZE, 'addSecret.tag')
  reader.end('addSecret')
  const [pld, ald, tld] = digests as [Uint8Array, Uint8Array, Uint8Array]
  return {
    userDataKind,
    iv,
    flags,
    disableDump: msbBit(flags, 0),
    pld,
    ald,
    tld,
    headerTag,
    configUid,
    userData,
    customerKey,
    slots,
    secretHeader,
    ...secret,
    encrypted,
    tag,
    bytes,
  }
}

function zeros(reader: BigEndianReader, length: number, field: string): void {
  const { offset } = reader
  assertZeros(reader.bytes(length, field), offset, field)
}

function assertZeros(bytes: Uint8Array, offset: number, field = 'addSecret.reserved'): void {
  if (!allZero(bytes)) throw refuse(field, 'other bytes', `${bytes.length} zero bytes`, offset)
}

function readSecretHeader(
  bytes: Uint8Array,
  offset: number,
): Pick<SeAddSecretRequest, 'secretKind' | 'secretLength' | 'secretId'> {
  const reader = new BigEndianReader(bytes)
  reader.be16('addSecret.secretHeader.reserved')
  const secretKind = reader.be16('addSecret.secretHeader.kind')
  const secretLength = reader.be32('addSecret.secretHeader.length')
  zeros(reader, 8, 'addSecret.secretHeader.reserved')
  const secretId = secretKind === NULL_KIND ? undefined : reader.bytes(32, 'addSecret.secretHeader.id')
  if (reader.remaining !== 0)
    throw refuse('addSecret.secretHeader', `${bytes.length} bytes`, '16 for the null secret, 48 for others', offset)
  return { secretKind, secretLength, secretId }
}

/** The bytes of a request; parsing and encoding give back the same bytes. */
export function encodeSeAddSecretRequest(
  request: Omit<SeAddSecretRequest, 'bytes' | 'disableDump' | 'secretKind' | 'secretLength' | 'secretId'>,
): Uint8Array {
  const { slots, encrypted, secretHeader } = request
  return concatBytes(
    MAGIC,
    bigEndian(request.userDataKind, 2),
    bigEndian(VERSION, 4),
    bigEndian(FIXED_SIZE + slots.length * SLOT_SIZE + secretHeader.length + encrypted.length + TAG_SIZE, 4),
    request.iv,
    new Uint8Array(11),
    Uint8Array.of(slots.length),
    new Uint8Array(4),
    bigEndian(encrypted.length, 4),
    bigEndian(request.flags, 8),
    request.pld,
    request.ald,
    request.tld,
    request.headerTag,
    request.configUid,
    new Uint8Array(256),
    request.userData,
    request.customerKey,
    ...slotBytes(slots),
    secretHeader,
    encrypted,
    request.tag,
  )
}

/** Opens a request with its protection key; what comes out ends with the extension secret of 32 bytes. */
export function seAddSecretJob(request: SeAddSecretRequest, protectionKey: Uint8Array): CipherJob {
  return sealedJob(request, protectionKey)
}
