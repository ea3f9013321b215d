import { concat, filled, flipBit } from './kit/bytes.ts'

/** Faults that any platform can be told to have. Each breaks one thing. */
export interface Faults {
  /** The evidence carries other report data than was asked for, as evidence made for another exchange does. */
  readonly wrongBinding?: boolean
  /** One bit of what is signed differs from what was signed. */
  readonly wrongSignature?: boolean
}

/**
 * Report data as it stands in a field of `size` bytes: followed by zeros, changed when the platform is to bind wrongly.
 * @throws RangeError when it does not fit
 */
export function reportDataField(reportData: Uint8Array, size: number, { wrongBinding = false }: Faults): Uint8Array {
  if (reportData.length > size) throw new RangeError(`report data of ${reportData.length} bytes; ${size} fit`)
  const field = concat(reportData, filled(size - reportData.length))
  return wrongBinding ? flipBit(field, 0) : field
}
