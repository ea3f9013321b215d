import { Reader } from '../../core/bytes.ts'
import { refuse } from '../../core/errors.ts'
import { latin1 } from '../../eventlog/text.ts'

/** The ACPI table that says where a confidential guest finds its event log. */
export interface CcelTable {
  readonly revision: number
  /** Six characters, ASCII. */
  readonly oemId: string
  /** 1: AMD SEV. 2: Intel TDX. */
  readonly ccType: number
  readonly ccSubtype: number
  /** Least size of the log area, in bytes; lower-case hex of 64 bits. */
  readonly logAreaMinimumLength: string
  /** Guest physical address of the log area; lower-case hex of 64 bits. */
  readonly logAreaStartAddress: string
}

const TABLE_BYTES = 56

/**
 * Reads the CCEL table (Linux: /sys/firmware/acpi/tables/CCEL). Its bytes add up to zero.
 *
 * @see ACPI 6.5, section 5.2.34 (CC Event Log ACPI table)
 * @throws EvidenceError when the bytes are no such table
 */
export function parseCcelTable(bytes: Uint8Array): CcelTable {
  const reader = new Reader(bytes)
  expect(latin1(reader.bytes(4, 'CCEL.signature')) === 'CCEL', 'CCEL.signature', 0, 'the text CCEL')
  expect(reader.u32('CCEL.length') === TABLE_BYTES, 'CCEL.length', 4, `${TABLE_BYTES}`)
  const revision = reader.u8('CCEL.revision')
  reader.u8('CCEL.checksum')
  const oemId = latin1(reader.bytes(6, 'CCEL.oemId'))
  reader.bytes(20, 'CCEL.oemTableId')
  const ccType = reader.u8('CCEL.ccType')
  const ccSubtype = reader.u8('CCEL.ccSubtype')
  reader.u16('CCEL.reserved')
  const logAreaMinimumLength = hex64(reader.u64('CCEL.logAreaMinimumLength'))
  const logAreaStartAddress = hex64(reader.u64('CCEL.logAreaStartAddress'))
  reader.end('CCEL')
  expect(bytes.reduce((sum, byte) => (sum + byte) & 0xff, 0) === 0, 'CCEL.checksum', 9, 'bytes that add up to zero')
  return { revision, oemId, ccType, ccSubtype, logAreaMinimumLength, logAreaStartAddress }
}

function expect(holds: boolean, field: string, offset: number, expected: string): void {
  if (!holds) throw refuse(field, 'another value', expected, offset)
}

function hex64(value: bigint): string {
  return value.toString(16).padStart(16, '0')
}
