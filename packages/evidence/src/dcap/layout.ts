/** One field of a fixed layout: offset and length in bytes, and whether it is a little-endian integer or a byte string. */
export type Slot = readonly [offset: number, size: number, kind: 'integer' | 'bytes']

/** A fixed layout: every byte belongs to one field, reserved ones too, so that it can be written back as it was. */
export type Layout = Readonly<Record<string, Slot>>

/** The values of a layout. Byte strings are views on the input. */
export type Parsed<L extends Layout> = {
  readonly [K in keyof L]: L[K][2] extends 'integer' ? number : Uint8Array
}

/** Reads `bytes` after `layout`; the caller has checked the length. */
export function parseLayout<L extends Layout>(bytes: Uint8Array, layout: L): Parsed<L> {
  const values: Record<string, number | Uint8Array> = {}
  for (const name in layout) {
    const [offset, size, kind] = layout[name] as Slot
    const field = bytes.subarray(offset, offset + size)
    values[name] = kind === 'integer' ? littleEndian(field) : field
  }
  // Each value has the kind that its slot names.
  return values as Parsed<L>
}

/**
 * Writes `values` after `layout` into `size` bytes; the reverse of {@link parseLayout}.
 * @throws RangeError when a value does not fit its field
 */
export function encodeLayout<L extends Layout>(values: Parsed<L>, layout: L, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (const name in layout) {
    const [offset, length] = layout[name] as Slot
    const value: number | Uint8Array = values[name]
    bytes.set(typeof value === 'number' ? fromInteger(value, length, name) : exactly(value, length, name), offset)
  }
  return bytes
}

function littleEndian(field: Uint8Array): number {
  let value = 0
  for (let i = field.length - 1; i >= 0; i--) value = value * 256 + (field[i] as number)
  return value
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
