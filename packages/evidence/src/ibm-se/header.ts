import { bigEndian, concatBytes, equalBytes } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import type { CipherJob } from '../crypto/jobs.ts'
import { BigEndianReader, msbBit } from './big-endian.ts'
import { SE_HEADER_MAGIC } from './magic.ts'
import { sealedJob, TAG_SIZE } from './sealed.ts'
import { type KeySlot, readCustomerKey, readSlots, SLOT_SIZE, slotBytes } from './slots.ts'

/** Longest header. */
export const SE_HEADER_MAX_SIZE = 8192
const VERSION = 0x100
const ENCRYPTED_SIZE = 128
const FIXED_SIZE = 0x1a0 + ENCRYPTED_SIZE + TAG_SIZE

/**
 * A Secure Execution header, version 1: digests of an image, and its keys for the hosts that may run
 * it. Byte strings are views on a copy.
 *
 * @see Linux s390-tools, documentation of genprotimg/pvimg, "Secure Execution header"
 */
export interface SeHeader {
  readonly iv: Uint8Array
  /** Number of encrypted pages. */
  readonly pages: bigint
  /** Plaintext control flags. */
  readonly pcf: bigint
  /** 160 bytes: x and y, padded to 80 each. */
  readonly customerKey: Uint8Array
  /** Digests of page contents, page addresses and tweaks, SHA-512. */
  readonly pld: Uint8Array
  readonly ald: Uint8Array
  readonly tld: Uint8Array
  readonly slots: readonly KeySlot[]
  readonly encrypted: Uint8Array
  readonly tag: Uint8Array
  /** The whole header. */
  readonly bytes: Uint8Array
}

/** Parses a header that `input` begins with, or is. @throws EvidenceError */
export function parseSeHeader(input: Uint8Array): SeHeader {
  const head = new BigEndianReader(input)
  if (!equalBytes(head.bytes(8, 'header.magic'), SE_HEADER_MAGIC))
    throw refuse('header.magic', 'other bytes', '`IBMSecEx`')
  const version = head.be32('header.version')
  if (version !== VERSION)
    throw refuse('header.version', `0x${version.toString(16)}`, '0x100', 8, 'unsupported-version')
  const size = head.be32('header.size')
  if (size > SE_HEADER_MAX_SIZE)
    throw refuse('header.size', `${size} bytes`, `at most ${SE_HEADER_MAX_SIZE}`, 12, 'too-large')
  if (size > input.length) throw refuse('header', `${input.length} bytes`, `${size} bytes`, input.length, 'truncated')
  return readBody(input.slice(0, size))
}

function readBody(bytes: Uint8Array): SeHeader {
  const reader = new BigEndianReader(bytes, 16)
  const iv = reader.bytes(12, 'header.iv')
  if (reader.be32('header.reserved') !== 0) throw refuse('header.reserved', 'another value', '0', 28)
  const count = reader.be64('header.keySlots')
  const encryptedSize = reader.be64('header.encryptedSize')
  if (encryptedSize !== BigInt(ENCRYPTED_SIZE))
    throw refuse('header.encryptedSize', String(encryptedSize), String(ENCRYPTED_SIZE), 40)
  if (count < 1n || BigInt(FIXED_SIZE) + count * BigInt(SLOT_SIZE) !== BigInt(bytes.length)) {
    throw refuse(
      'header.keySlots',
      `${count} slots in ${bytes.length} bytes`,
      'one or more, as many as the size tells',
      32,
    )
  }
  const pages = reader.be64('header.pages')
  const pcf = reader.be64('header.pcf')
  const customerKey = readCustomerKey(reader)
  const [pld, ald, tld] = [
    reader.bytes(64, 'header.pld'),
    reader.bytes(64, 'header.ald'),
    reader.bytes(64, 'header.tld'),
  ]
  const slots = readSlots(reader, Number(count))
  const encrypted = reader.bytes(ENCRYPTED_SIZE, 'header.encrypted')
  const tag = reader.bytes(TAG_SIZE, 'header.tag')
  reader.end('header')
  return { iv, pages, pcf, customerKey, pld, ald, tld, slots, encrypted, tag, bytes }
}

/** The bytes of a header; parsing and encoding give back the same bytes. */
export function encodeSeHeader(header: Omit<SeHeader, 'bytes'>): Uint8Array {
  const { slots } = header
  return concatBytes(
    SE_HEADER_MAGIC,
    bigEndian(VERSION, 4),
    bigEndian(FIXED_SIZE + slots.length * SLOT_SIZE, 4),
    header.iv,
    bigEndian(0, 4),
    bigEndian(slots.length, 8),
    bigEndian(ENCRYPTED_SIZE, 8),
    bigEndian(header.pages, 8),
    bigEndian(header.pcf, 8),
    header.customerKey,
    header.pld,
    header.ald,
    header.tld,
    ...slotBytes(slots),
    header.encrypted,
    header.tag,
  )
}

/** Opens the encrypted area with the header protection key; the tag covers the whole header. */
export function seHeaderJob(header: SeHeader, protectionKey: Uint8Array): CipherJob {
  return sealedJob(header, protectionKey)
}

/** The encrypted area of a header, opened. Keys: whoever has it can read the image. */
export interface SeHeaderSecrets {
  readonly customerCommunicationKey: Uint8Array
  readonly imageKey: Uint8Array
  readonly pswMask: bigint
  readonly pswAddress: bigint
  readonly scf: bigint
}

/** Reads the opened area. @throws EvidenceError */
export function readSeHeaderSecrets(opened: Uint8Array): SeHeaderSecrets {
  const reader = new BigEndianReader(opened)
  const secrets = {
    customerCommunicationKey: reader.bytes(32, 'header.cck'),
    imageKey: reader.bytes(64, 'header.imageKey'),
    pswMask: reader.be64('header.psw.mask'),
    pswAddress: reader.be64('header.psw.address'),
    scf: reader.be64('header.scf'),
  }
  const items = reader.be32('header.optionalItems')
  reader.bytes(4, 'header.reserved')
  reader.end('header.encrypted')
  if (items !== 0) throw refuse('header.optionalItems', String(items), '0', 120)
  return secrets
}

/** Plaintext control flags by name. */
export interface SePlainFlags {
  readonly dumpAllowed: boolean
  readonly componentsNotEncrypted: boolean
  readonly pckmoDea: boolean
  readonly pckmoAes: boolean
  readonly pckmoEcc: boolean
  readonly pckmoHmac: boolean
  readonly backupHostKeys: boolean
}

/** Decodes the plaintext control flags; bits count from the most significant one. */
export function sePlainFlags(pcf: bigint): SePlainFlags {
  return {
    dumpAllowed: msbBit(pcf, 34),
    componentsNotEncrypted: msbBit(pcf, 35),
    pckmoDea: msbBit(pcf, 56),
    pckmoAes: msbBit(pcf, 57),
    pckmoEcc: msbBit(pcf, 58),
    pckmoHmac: msbBit(pcf, 59),
    backupHostKeys: msbBit(pcf, 62),
  }
}
