import { refuse } from '../core/errors.ts'
import type { BigEndianReader } from './big-endian.ts'

const VERSION = 0x100

/** What follows the magic of every request to the Ultravisor, up to byte 48. */
export interface RequestHead {
  readonly size: number
  readonly iv: Uint8Array
  /** Bytes 28 to 38 and 40 to 43. */
  readonly reserved: readonly [Uint8Array, Uint8Array]
  /** Number of key slots. */
  readonly count: number
  readonly encryptedSize: number
}

/**
 * Reads the start that all requests to the Ultravisor have in common.
 *
 * @param field name of the request, for errors
 * @throws EvidenceError for another version
 */
export function readRequestHead(reader: BigEndianReader, field: string): RequestHead {
  const version = reader.be32(`${field}.version`)
  if (version !== VERSION)
    throw refuse(`${field}.version`, `0x${version.toString(16)}`, '0x100', 8, 'unsupported-version')
  const size = reader.be32(`${field}.size`)
  const iv = reader.bytes(12, `${field}.iv`)
  const first = reader.bytes(11, `${field}.reserved`)
  const count = reader.u8(`${field}.keySlots`)
  const second = reader.bytes(4, `${field}.reserved`)
  return { size, iv, reserved: [first, second], count, encryptedSize: reader.be32(`${field}.encryptedSize`) }
}
