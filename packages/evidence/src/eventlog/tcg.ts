import { Reader } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'

/** The event type that is never extended into a register. */
export const EV_NO_ACTION = 3

/** TPM_ALG_ID of the digests that logs carry. TCG Algorithm Registry, section 6.10. */
export const TPM_ALG = { sha1: 0x0004, sha256: 0x000b, sha384: 0x000c, sha512: 0x000d, sm3: 0x0012 } as const

/** A digest algorithm as the log's first event declares it. */
export interface TcgAlgorithm {
  /** TPM_ALG_ID. */
  readonly id: number
  /** Bytes. */
  readonly digestSize: number
}

/** One digest of an event. */
export interface TcgDigest {
  /** TPM_ALG_ID. */
  readonly algorithm: number
  readonly digest: Uint8Array
}

/** One event as logged. Nothing here is believable by itself: a replay vouches for digests and their order only. */
export interface TcgEvent {
  /** Position in the log, from 0; the Spec ID event counts. */
  readonly number: number
  /** First byte of the event, from the start of the log. */
  readonly offset: number
  /** PCR or measurement register index as logged. Firmware also logs 0xffffffff (-1): no register. */
  readonly index: number
  readonly type: number
  readonly digests: readonly TcgDigest[]
  /** Event data, a view on the log. Not measured as such: compare digests before using it. */
  readonly data: Uint8Array
}

/** The Spec ID event: how the rest of a crypto-agile log is written. */
export interface TcgSpecId {
  readonly platformClass: number
  readonly major: number
  readonly minor: number
  readonly errata: number
  readonly algorithms: readonly TcgAlgorithm[]
}

/** A parsed TCG event log. */
export interface TcgLog {
  /** `sha1`: the old form throughout, as there is no Spec ID event. */
  readonly format: 'crypto-agile' | 'sha1'
  readonly specId: TcgSpecId | undefined
  readonly events: readonly TcgEvent[]
  /** Bytes that the events take up; from here to `totalBytes` there is filler. */
  readonly bytesUsed: number
  readonly totalBytes: number
}

/** How to read what the specifications leave open. */
export interface TcgLogOptions {
  /**
   * What index 0 with type 0 means in the midst of a log: `end` for CCEL areas, which are not always
   * filled evenly; `event` for TPM logs, where it is EV_PREBOOT_CERT in PCR 0. Zeros up to the end
   * are filler either way.
   */
  readonly zeroEntry: 'end' | 'event'
}

/** Largest log that is read, in bytes. Real ones have 2 to 300 kB. */
export const MAX_LOG_BYTES: number = 16 * 1024 * 1024
/** Most events that are read. Real logs have up to a few hundred. */
export const MAX_LOG_EVENTS = 8192
const MAX_ALGORITHMS = 16
const MAX_DIGEST_BYTES = 128

/**
 * Parses a TCG event log as firmware hands it over, with or without filler at its end. Digests and
 * data are views on `bytes`.
 *
 * @see TCG PC Client Platform Firmware Profile 1.06, section 10 (TCG_PCClientPCREvent, TCG_PCR_EVENT2)
 * @throws EvidenceError when a count, size, algorithm or end is not what the format allows
 */
export function parseTcgLog(bytes: Uint8Array, options: TcgLogOptions): TcgLog {
  if (bytes.length > MAX_LOG_BYTES) {
    throw refuse('log', `the log has ${bytes.length} bytes`, `at most ${MAX_LOG_BYTES} bytes`, 0, 'too-large')
  }
  const reader = new Reader(bytes)
  const events: TcgEvent[] = []
  let specId: TcgSpecId | undefined
  let measured = false
  while (reader.remaining > 0 && !isEnd(bytes, reader.offset, options)) {
    if (events.length === MAX_LOG_EVENTS) {
      throw refuse('log', 'there are more events', `at most ${MAX_LOG_EVENTS} events`, reader.offset, 'too-large')
    }
    const event =
      specId === undefined ? readOldEvent(reader, events.length) : readEvent(reader, events.length, specId.algorithms)
    events.push(event)
    // The Spec ID event rules what follows it, so it can only come before anything was measured.
    if (specId === undefined && !measured) specId = readSpecId(bytes, event)
    measured ||= event.type !== EV_NO_ACTION
  }
  if (events.length === 0) throw refuse('log', 'there is no event', 'an event log')
  return {
    format: specId === undefined ? 'sha1' : 'crypto-agile',
    specId,
    events,
    bytesUsed: reader.offset,
    totalBytes: bytes.length,
  }
}

// EDK2 fills its log area with FF, others with 00.
function isEnd(bytes: Uint8Array, offset: number, options: TcgLogOptions): boolean {
  const byte = bytes[offset]
  if (byte !== 0 && byte !== 0xff) return false
  const entryEnds = byte === 0xff || options.zeroEntry === 'end'
  const end = entryEnds ? Math.min(offset + 8, bytes.length) : bytes.length
  for (let i = offset; i < end; i++) if (bytes[i] !== byte) return false
  return true
}

// TCG_PCClientPCREvent: the first event, and every event of a SHA-1 log.
function readOldEvent(reader: Reader, number: number): TcgEvent {
  const offset = reader.offset
  const index = reader.u32('TCG_PCClientPCREvent.pcrIndex')
  const type = reader.u32('TCG_PCClientPCREvent.eventType')
  const digest = reader.bytes(20, 'TCG_PCClientPCREvent.digest')
  const size = reader.u32('TCG_PCClientPCREvent.eventDataSize')
  const data = reader.bytes(size, 'TCG_PCClientPCREvent.event')
  return { number, offset, index, type, digests: [{ algorithm: TPM_ALG.sha1, digest }], data }
}

// A hostile log may be all empty events: these cost nothing each.
const NO_BYTES: Uint8Array = new Uint8Array(0)
const NO_DIGESTS: readonly TcgDigest[] = []

function readEvent(reader: Reader, number: number, algorithms: readonly TcgAlgorithm[]): TcgEvent {
  const offset = reader.offset
  const index = reader.u32('TCG_PCR_EVENT2.pcrIndex')
  const type = reader.u32('TCG_PCR_EVENT2.eventType')
  const digests = readDigests(reader, type, algorithms)
  const size = reader.u32('TCG_PCR_EVENT2.eventSize')
  const data = size === 0 ? NO_BYTES : reader.bytes(size, 'TCG_PCR_EVENT2.event')
  return { number, offset, index, type, digests, data }
}

function readDigests(reader: Reader, type: number, algorithms: readonly TcgAlgorithm[]): readonly TcgDigest[] {
  const field = 'TCG_PCR_EVENT2.digests'
  const offset = reader.offset
  const count = reader.u32(`${field}.count`)
  if (count > algorithms.length || (count === 0 && type !== EV_NO_ACTION)) {
    throw refuse(`${field}.count`, `${count} digests`, `1 to ${algorithms.length}`, offset)
  }
  if (count === 0) return NO_DIGESTS
  const digests: TcgDigest[] = []
  for (let i = 0; i < count; i++) {
    const at = reader.offset
    const id = reader.u16(`${field}.hashAlg`)
    const algorithm = algorithms.find((one) => one.id === id)
    if (algorithm === undefined) {
      throw refuse(
        `${field}.hashAlg`,
        hex(id),
        'an algorithm that the Spec ID event declares',
        at,
        'unsupported-algorithm',
      )
    }
    if (digests.some((one) => one.algorithm === id)) {
      throw refuse(`${field}.hashAlg`, `${hex(id)} again`, 'one digest for each algorithm', at)
    }
    digests.push({ algorithm: id, digest: reader.bytes(algorithm.digestSize, `${field}.digest`) })
  }
  return digests
}

const SIGNATURE: readonly number[] = [...'Spec ID Event03\0'].map((letter) => letter.charCodeAt(0))

// TCG_EfiSpecIdEvent. Bytes after the vendor information, or its absence, harm nobody.
function readSpecId(bytes: Uint8Array, event: TcgEvent): TcgSpecId | undefined {
  if (event.type !== EV_NO_ACTION) return undefined
  if (!SIGNATURE.every((byte, i) => event.data[i] === byte)) return undefined
  const start = event.offset + 32
  const reader = new Reader(bytes, start + SIGNATURE.length, start + event.data.length)
  const platformClass = reader.u32('TCG_EfiSpecIdEvent.platformClass')
  const minor = reader.u8('TCG_EfiSpecIdEvent.specVersionMinor')
  const major = reader.u8('TCG_EfiSpecIdEvent.specVersionMajor')
  const errata = reader.u8('TCG_EfiSpecIdEvent.specErrata')
  reader.u8('TCG_EfiSpecIdEvent.uintnSize')
  return { platformClass, major, minor, errata, algorithms: readAlgorithms(reader) }
}

function readAlgorithms(reader: Reader): readonly TcgAlgorithm[] {
  const field = 'TCG_EfiSpecIdEvent.digestSizes'
  const offset = reader.offset
  const count = reader.u32('TCG_EfiSpecIdEvent.numberOfAlgorithms')
  if (count < 1 || count > MAX_ALGORITHMS) {
    const expected = `1 to ${MAX_ALGORITHMS}`
    throw refuse('TCG_EfiSpecIdEvent.numberOfAlgorithms', `${count} algorithms`, expected, offset, 'too-large')
  }
  const algorithms: TcgAlgorithm[] = []
  for (let i = 0; i < count; i++) {
    const at = reader.offset
    const id = reader.u16(`${field}.algorithmId`)
    const digestSize = reader.u16(`${field}.digestSize`)
    const known = DIGEST_SIZES.get(id)
    if (digestSize !== (known ?? digestSize) || digestSize < 1 || digestSize > MAX_DIGEST_BYTES) {
      const expected = known === undefined ? `1 to ${MAX_DIGEST_BYTES} bytes` : `${known} bytes`
      throw refuse(`${field}.digestSize`, `${digestSize} bytes for algorithm ${hex(id)}`, expected, at + 2)
    }
    if (algorithms.some((one) => one.id === id)) {
      throw refuse(`${field}.algorithmId`, `${hex(id)} again`, 'each algorithm once', at)
    }
    algorithms.push({ id, digestSize })
  }
  return algorithms
}

const DIGEST_SIZES: ReadonlyMap<number, number> = new Map([
  [TPM_ALG.sha1, 20],
  [TPM_ALG.sha256, 32],
  [TPM_ALG.sha384, 48],
  [TPM_ALG.sha512, 64],
  [TPM_ALG.sm3, 32],
])

function hex(id: number): string {
  return `0x${id.toString(16).padStart(4, '0')}`
}
