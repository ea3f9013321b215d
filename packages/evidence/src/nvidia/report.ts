import { concatBytes, Reader } from '../core/bytes.ts'
import { type EvidenceError, type EvidenceErrorCode, refuse } from '../core/errors.ts'
import { type OpaqueEntry, readOpaque } from './opaque.ts'

/** What the verifier's side sent. */
export interface SpdmRequest {
  readonly spdmVersion: number
  readonly code: number
  readonly param1: number
  readonly param2: number
  /** 32 bytes that the requester chose: the challenge. */
  readonly nonce: Uint8Array
  readonly slotId: number
}

/** One DMTF measurement block. */
export interface MeasurementBlock {
  /** From 1 on. */
  readonly index: number
  /** DMTF type: 0 immutable ROM, 1 mutable firmware, 2 hardware configuration, 3 firmware configuration; bit 7 for raw values. */
  readonly type: number
  readonly value: Uint8Array
  /** Where the value starts, from the start of the exchange. */
  readonly offset: number
}

/** What the device answered. */
export interface SpdmResponse {
  readonly spdmVersion: number
  readonly code: number
  readonly param1: number
  readonly param2: number
  readonly blocks: readonly MeasurementBlock[]
  /** The whole measurement record. */
  readonly record: Uint8Array
  /** 32 bytes that the device chose. */
  readonly nonce: Uint8Array
  readonly opaque: readonly OpaqueEntry[]
  /** r then s, big-endian, 96 bytes. */
  readonly signature: Uint8Array
}

/** One GET_MEASUREMENTS exchange of a GPU or an NVSwitch. */
export interface NvidiaReport {
  readonly request: SpdmRequest
  readonly response: SpdmResponse
  /** The bytes that the device signed: everything in front of the signature, request included. */
  readonly signed: Uint8Array
  /** Zeros behind the signature. */
  readonly trailing: number
}

const VERSION_1_1 = 0x11
const GET_MEASUREMENTS = 0xe0
const MEASUREMENTS = 0x60
const ALL_BLOCKS = 0xff
const DMTF = 1
const NONCE = 32
const SIGNATURE = 96
const MAX_REPORT = 64 * 1024
const MAX_TRAILING = 4096

/**
 * Reads a request with its response, as the driver returns them in one buffer. Little-endian. The views
 * are on `bytes`, which is kept.
 *
 * @throws EvidenceError
 * @see DMTF DSP0274 (SPDM) 1.1, GET_MEASUREMENTS and MEASUREMENTS
 */
export function parseNvidiaReport(bytes: Uint8Array): NvidiaReport {
  if (bytes.length > MAX_REPORT) throw bad('too-large', 0, 'report', `${bytes.length} bytes`, `at most ${MAX_REPORT}`)
  const reader = new Reader(bytes)
  const request = readRequest(reader)
  const response = readResponse(bytes, reader)
  const end = reader.offset
  for (let at = end; at < bytes.length; at++) {
    if (bytes[at] !== 0) throw bad('trailing-bytes', at, 'report', 'bytes behind the signature', 'zeros at most')
  }
  const trailing = bytes.length - end
  if (trailing > MAX_TRAILING)
    throw bad(
      'trailing-bytes',
      end,
      'report',
      `${trailing} zeros`,
      `at most ${MAX_TRAILING} zeros behind the signature`,
    )
  return { request, response, signed: bytes.subarray(0, end - SIGNATURE), trailing }
}

function readRequest(reader: Reader): SpdmRequest {
  const spdmVersion = version(reader, 'request.spdmVersion')
  const code = fixed(reader, 'request.code', GET_MEASUREMENTS, '0xe0, GET_MEASUREMENTS')
  const param1 = fixed(reader, 'request.param1', 1, '1: a signature is asked for')
  const param2 = fixed(reader, 'request.param2', ALL_BLOCKS, '0xff: all measurements are asked for')
  const nonce = reader.bytes(NONCE, 'request.nonce')
  return { spdmVersion, code, param1, param2, nonce, slotId: reader.u8('request.slotId') }
}

function readResponse(bytes: Uint8Array, reader: Reader): SpdmResponse {
  const spdmVersion = version(reader, 'response.spdmVersion')
  const code = fixed(reader, 'response.code', MEASUREMENTS, '0x60, MEASUREMENTS')
  const param1 = reader.u8('response.param1')
  const param2 = reader.u8('response.param2')
  const count = reader.u8('response.numberOfBlocks')
  const length = reader.u16('response.recordLength') + reader.u8('response.recordLength') * 0x10000
  const start = reader.offset
  const record = reader.bytes(length, 'response.measurementRecord')
  const blocks = readBlocks(new Reader(bytes, start, start + length), count)
  const nonce = reader.bytes(NONCE, 'response.nonce')
  const opaqueLength = reader.u16('response.opaqueLength')
  const opaqueStart = reader.offset
  reader.bytes(opaqueLength, 'response.opaqueData')
  const opaque = readOpaque(bytes, opaqueStart, opaqueStart + opaqueLength)
  const signature = reader.bytes(SIGNATURE, 'response.signature')
  return { spdmVersion, code, param1, param2, blocks, record, nonce, opaque, signature }
}

function readBlocks(reader: Reader, count: number): readonly MeasurementBlock[] {
  const blocks: MeasurementBlock[] = []
  for (let i = 1; i <= count; i++) {
    const index = fixed(reader, 'measurementBlock.index', i, `block ${i}`)
    fixed(reader, 'measurementBlock.specification', DMTF, '1, DMTF')
    const size = reader.u16('measurementBlock.size')
    const type = reader.u8('measurementBlock.valueType')
    const at = reader.offset
    const valueSize = reader.u16('measurementBlock.valueSize')
    if (size !== 3 + valueSize)
      throw bad(
        'malformed',
        at,
        'measurementBlock.valueSize',
        String(valueSize),
        `${size - 3}, as the block's size says`,
      )
    const offset = reader.offset
    blocks.push({ index, type, value: reader.bytes(valueSize, 'measurementBlock.value'), offset })
  }
  reader.end('response.measurementRecord')
  return blocks
}

function version(reader: Reader, field: string): number {
  const at = reader.offset
  const found = reader.u8(field)
  if (found !== VERSION_1_1) throw bad('unsupported-version', at, field, `0x${found.toString(16)}`, '0x11, SPDM 1.1')
  return found
}

function fixed(reader: Reader, field: string, wanted: number, expected: string): number {
  const at = reader.offset
  const found = reader.u8(field)
  if (found !== wanted) throw bad('malformed', at, field, `0x${found.toString(16)}`, expected)
  return found
}

function bad(code: EvidenceErrorCode, offset: number, field: string, found: string, expected: string): EvidenceError {
  return refuse(field, found, expected, offset, code)
}

/** Writes an exchange; of a parsed one, the very bytes it was parsed from. `signed` is written anew from the fields. */
export function encodeNvidiaReport({ request, response, trailing }: Omit<NvidiaReport, 'signed'>): Uint8Array {
  const blocks = response.blocks.map(({ index, type, value }) =>
    concatBytes(Uint8Array.of(index, DMTF, ...u16(3 + value.length), type, ...u16(value.length)), value),
  )
  const record = concatBytes(...blocks)
  const opaque = concatBytes(
    ...response.opaque.map(({ type, value }) => concatBytes(Uint8Array.of(...u16(type), ...u16(value.length)), value)),
  )
  return concatBytes(
    Uint8Array.of(request.spdmVersion, request.code, request.param1, request.param2),
    request.nonce,
    Uint8Array.of(request.slotId),
    Uint8Array.of(response.spdmVersion, response.code, response.param1, response.param2, blocks.length),
    Uint8Array.of(...u16(record.length & 0xffff), record.length >> 16),
    record,
    response.nonce,
    Uint8Array.of(...u16(opaque.length)),
    opaque,
    response.signature,
    new Uint8Array(trailing),
  )
}

function u16(number: number): readonly [number, number] {
  return [number & 0xff, number >> 8]
}
