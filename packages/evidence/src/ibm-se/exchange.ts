import { bigEndian, concatBytes, equalBytes } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { BigEndianReader } from './big-endian.ts'
import { SE_EXCHANGE_MAGIC } from './magic.ts'

const VERSION = 0x100
const DATA_AT = 64
const MAX_SIZE = 1 << 20

/** Parts of a container in the order of its table. */
export const SE_EXCHANGE_PARTS = ['request', 'measurement', 'additional', 'userData', 'configUid'] as const
export type SeExchangePart = (typeof SE_EXCHANGE_PARTS)[number]

/** One part: where it lies, and its bytes; undefined when it is absent or only its size is announced. */
export interface SeExchangeEntry {
  readonly size: number
  readonly offset: number
  readonly bytes: Uint8Array | undefined
}

/**
 * A `pvattest` container: a request on its way, or a response with its request.
 * @see Linux s390-tools, pvattest, exchange format 0x100
 */
export interface SeExchange {
  readonly entries: Readonly<Record<SeExchangePart, SeExchangeEntry>>
  /** `response` when the measurement is there, `request` when it is only announced. */
  readonly kind: 'request' | 'response'
  /** Bytes 16 to 23. */
  readonly reserved: Uint8Array
  readonly bytes: Uint8Array
}

/** Whether bytes begin as a container does, with `pvattest`. */
export function isSeExchange(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, SE_EXCHANGE_MAGIC.length), SE_EXCHANGE_MAGIC)
}

/** Parses a container. @throws EvidenceError, also for a response without a configuration UID */
export function parseSeExchange(input: Uint8Array): SeExchange {
  if (input.length > MAX_SIZE)
    throw refuse('exchange', `${input.length} bytes`, `at most ${MAX_SIZE} bytes`, 0, 'too-large')
  const bytes = new Uint8Array(input)
  const reader = new BigEndianReader(bytes)
  if (!equalBytes(reader.bytes(8, 'exchange.magic'), SE_EXCHANGE_MAGIC))
    throw refuse('exchange.magic', 'other bytes', '`pvattest`')
  const version = reader.be32('exchange.version')
  if (version !== VERSION)
    throw refuse('exchange.version', `0x${version.toString(16)}`, '0x100', 8, 'unsupported-version')
  const size = reader.be32('exchange.size')
  const reserved = reader.bytes(8, 'exchange.reserved')
  if (size > bytes.length) throw refuse('exchange', `${bytes.length} bytes`, `${size} bytes`, bytes.length, 'truncated')
  if (size < bytes.length)
    throw refuse('exchange', `${bytes.length - size} bytes`, 'the end of the container', size, 'trailing-bytes')
  const [request, measurement, additional, userData, configUid] = SE_EXCHANGE_PARTS.map((name) =>
    readEntry(reader, bytes, name),
  )
  if (!request || !measurement || !additional || !userData || !configUid)
    throw refuse('exchange.entries', 'no entries', 'five', 24)
  const entries = { request, measurement, additional, userData, configUid }
  const kind = measurement.bytes === undefined ? 'request' : 'response'
  checkEntries(entries, kind)
  return { entries, kind, reserved, bytes }
}

function readEntry(reader: BigEndianReader, bytes: Uint8Array, name: string): SeExchangeEntry {
  const at = reader.offset
  const size = reader.be32(`exchange.${name}.size`)
  const offset = reader.be32(`exchange.${name}.offset`)
  if (offset === 0) return { size, offset, bytes: undefined }
  if (offset < DATA_AT || size > bytes.length - offset)
    throw refuse(`exchange.${name}`, `${size} bytes at ${offset}`, `bytes from ${DATA_AT} to ${bytes.length}`, at)
  return { size, offset, bytes: bytes.subarray(offset, offset + size) }
}

function checkEntries(entries: SeExchange['entries'], kind: SeExchange['kind']): void {
  if (entries.request.bytes === undefined || entries.request.size === 0)
    throw refuse('exchange.request', 'nothing', 'the request, in requests and responses alike', 24)
  const userData = entries.userData.bytes?.length ?? 0
  if (userData > 256) throw refuse('exchange.userData', `${userData} bytes`, 'at most 256', 48)
  if (kind === 'request') return
  if (entries.measurement.size !== 64)
    throw refuse('exchange.measurement', `${entries.measurement.size} bytes`, '64', 32)
  if (entries.configUid.bytes?.length !== 16)
    throw refuse('exchange.configUid', `${entries.configUid.bytes?.length ?? 0} bytes`, '16 in a response', 56)
  if (entries.additional.size !== 0 && entries.additional.bytes === undefined)
    throw refuse('exchange.additional', 'a size only', 'the data in a response', 40)
}

/** The bytes of a container; parsing and encoding give back the same bytes when nothing lies between the parts. */
export function encodeSeExchange({ entries, reserved }: Pick<SeExchange, 'entries' | 'reserved'>): Uint8Array {
  const list = SE_EXCHANGE_PARTS.map((name) => entries[name])
  const size = list.reduce(
    (end, one) => Math.max(end, one.bytes === undefined ? DATA_AT : one.offset + one.size),
    DATA_AT,
  )
  const head = concatBytes(
    SE_EXCHANGE_MAGIC,
    bigEndian(VERSION, 4),
    bigEndian(size, 4),
    reserved,
    ...list.flatMap((one) => [bigEndian(one.size, 4), bigEndian(one.offset, 4)]),
  )
  const bytes = new Uint8Array(size)
  bytes.set(head)
  for (const one of list) if (one.bytes !== undefined) bytes.set(one.bytes, one.offset)
  return bytes
}
