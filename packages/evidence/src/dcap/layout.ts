/** One field of a fixed layout: the size of a byte string, or a little-endian integer of 8, 16 or 32 bits. */
export type Slot = number | 'u8' | 'u16' | 'u32'

/**
 * A fixed layout, in order and without gaps: every byte belongs to one field, reserved ones too, so
 * that it can be written back as it was.
 */
export type Layout = Readonly<Record<string, Slot>>

/** The values of a layout. Byte strings are views on the input. */
export type Parsed<L extends Layout> = {
  readonly [K in keyof L]: L[K] extends number ? Uint8Array : number
}

const SIZES = { u8: 1, u16: 2, u32: 4 } as const

/** Size of a field in bytes. */
export function sizeOf(slot: Slot): number {
  return typeof slot === 'number' ? slot : SIZES[slot]
}

/** Reads `bytes` after `layout`; the caller has checked the length. */
export function parseLayout<L extends Layout>(bytes: Uint8Array, layout: L): Parsed<L> {
  // A copy has all names already: writing to one is faster than adding it.
  const values: Record<string, Slot | Uint8Array> = { ...layout }
  let offset = 0
  for (const name in layout) {
    const slot: Slot = layout[name] as Slot
    const end = offset + sizeOf(slot)
    if (typeof slot === 'number') values[name] = bytes.subarray(offset, end)
    else {
      let value = 0
      for (let i = end - 1; i >= offset; i--) value = value * 256 + (bytes[i] as number)
      values[name] = value
    }
    offset = end
  }
  // Each value has the kind that its slot names.
  return values as Parsed<L>
}

/**
 * Writes `values` after `layout`; the reverse of {@link parseLayout}.
 * @throws RangeError when a value does not fit its field
 */
export function encodeLayout<L extends Layout>(values: Parsed<L>, layout: L): Uint8Array {
  const bytes: number[] = []
  for (const name in layout) {
    const size = sizeOf(layout[name] as Slot)
    const value: number | Uint8Array = values[name]
    bytes.push(...(typeof value === 'number' ? fromInteger(value, size, name) : exactly(value, size, name)))
  }
  return Uint8Array.from(bytes)
}

function fromInteger(value: number, length: number, name: string): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (8 * length)) {
    throw new RangeError(`${name}: expected a whole number of ${length} bytes`)
  }
  return Uint8Array.from({ length }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256)
}

function exactly(value: Uint8Array, length: number, name: string): Uint8Array {
  if (value.length !== length) throw new RangeError(`${name}: expected ${length} bytes, not ${value.length}`)
  return value
}
