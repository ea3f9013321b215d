import { concatBytes, equalBytes } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { BigEndianReader, beBytes } from './big-endian.ts'

const MAGIC: Uint8Array = Uint8Array.from('pvattest', (letter) => letter.charCodeAt(0))
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
  return equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)
}

/** Parses a container. @throws EvidenceError, also for a response without a configuration UID */
export function parseSeExchange(input: Uint8Array): SeExchange {
  if (input.length > MAX_SIZE)
    throw new EvidenceError('too-large', `${input.length} bytes`, {
      field: 'exchange',
      offset: 0,
      expected: `at most ${MAX_SIZE} bytes`,
    })
  const bytes = new Uint8Array(input)
  const reader = new BigEndianReader(bytes)
  if (!equalBytes(reader.bytes(8, 'exchange.magic'), MAGIC))
    throw malformed('exchange.magic', 0, 'other bytes', '`pvattest`')
  const version = reader.be32('exchange.version')
  if (version !== VERSION)
    throw new EvidenceError('unsupported-version', `0x${version.toString(16)}`, {
      field: 'exchange.version',
      offset: 8,
      expected: '0x100',
    })
  const size = reader.be32('exchange.size')
  const reserved = reader.bytes(8, 'exchange.reserved')
  if (size > bytes.length)
    throw new EvidenceError('truncated', `${bytes.length} bytes`, {
      field: 'exchange',
      offset: bytes.length,
      expected: `${size} bytes`,
    })
  if (size < bytes.length)
    throw new EvidenceError('trailing-bytes', `${bytes.length - size} bytes`, {
      field: 'exchange',
      offset: size,
      expected: 'the end of the container',
    })
  const [request, measurement, additional, userData, configUid] = SE_EXCHANGE_PARTS.map((name) =>
    readEntry(reader, bytes, name),
  )
  if (!request || !measurement || !additional || !userData || !configUid)
    throw malformed('exchange.entries', 24, 'no entries', 'five')
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
    throw malformed(`exchange.${name}`, at, `${size} bytes at ${offset}`, `bytes from ${DATA_AT} to ${bytes.length}`)
  return { size, offset, bytes: bytes.subarray(offset, offset + size) }
}

function checkEntries(entries: SeExchange['entries'], kind: SeExchange['kind']): void {
  if (entries.request.bytes === undefined || entries.request.size === 0)
    throw malformed('exchange.request', 24, 'nothing', 'the request, in requests and responses alike')
  const userData = entries.userData.bytes?.length ?? 0
  if (userData > 256) throw malformed('exchange.userData', 48, `${userData} bytes`, 'at most 256')
  if (kind === 'request') return
  if (entries.measurement.size !== 64)
    throw malformed('exchange.measurement', 32, `${entries.measurement.size} bytes`, '64')
  if (entries.configUid.bytes?.length !== 16)
    throw malformed('exchange.configUid', 56, `${entries.configUid.bytes?.length ?? 0} bytes`, '16 in a response')
  if (entries.additional.size !== 0 && entries.additional.bytes === undefined)
    throw malformed('exchange.additional', 40, 'a size only', 'the data in a response')
}

function malformed(field: string, offset: number, found: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', found, { field, offset, expected })
}

/** The bytes of a container; parsing and encoding give back the same bytes when nothing lies between the parts. */
export function encodeSeExchange({ entries, reserved }: Pick<SeExchange, 'entries' | 'reserved'>): Uint8Array {
  const list = SE_EXCHANGE_PARTS.map((name) => entries[name])
  const size = list.reduce(
    (end, one) => Math.max(end, one.bytes === undefined ? DATA_AT : one.offset + one.size),
    DATA_AT,
  )
  const head = concatBytes(
    MAGIC,
    beBytes(VERSION, 4),
    beBytes(size, 4),
    reserved,
    ...list.flatMap((one) => [beBytes(one.size, 4), beBytes(one.offset, 4)]),
  )
  const bytes = new Uint8Array(size)
  bytes.set(head)
  for (const one of list) if (one.bytes !== undefined) bytes.set(one.bytes, one.offset)
  return bytes
}
