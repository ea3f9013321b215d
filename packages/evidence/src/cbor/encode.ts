import { concatBytes } from '../core/bytes.ts'

const UTF8 = new TextEncoder()

/** The first bytes of an item: major type and argument in the shortest form. @see RFC 8949, section 3 */
export function cborHead(major: number, argument: number): Uint8Array {
  const first = major << 5
  if (argument < 24) return Uint8Array.of(first | argument)
  // One byte, two, four or eight.
  const size = argument < 0x100 ? 0 : argument < 0x10000 ? 1 : argument < 0x100000000 ? 2 : 3
  const head = new Uint8Array(1 + 2 ** size)
  head[0] = first | (24 + size)
  let rest = argument
  for (let i = 2 ** size; i > 0; i--) {
    head[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return head
}

/** An integer from -2^53 to 2^53 - 1. */
export function cborInteger(value: number): Uint8Array {
  return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value)
}

export function cborBytes(value: Uint8Array): Uint8Array {
  return concatBytes(cborHead(2, value.length), value)
}

export function cborText(value: string): Uint8Array {
  const bytes = UTF8.encode(value)
  return concatBytes(cborHead(3, bytes.length), bytes)
}

/** An array of items that are encoded already. */
export function cborArray(items: readonly Uint8Array[], indefinite = false): Uint8Array {
  return indefinite
    ? concatBytes(Uint8Array.of(0x9f), ...items, Uint8Array.of(0xff))
    : concatBytes(cborHead(4, items.length), ...items)
}

/** A map of keys and values that are encoded already, in the order given. */
export function cborMap(entries: readonly (readonly [Uint8Array, Uint8Array])[], indefinite = false): Uint8Array {
  const pairs = entries.flat()
  return indefinite
    ? concatBytes(Uint8Array.of(0xbf), ...pairs, Uint8Array.of(0xff))
    : concatBytes(cborHead(5, entries.length), ...pairs)
}

/** A tag around an item that is encoded already. */
export function cborTag(tag: number, item: Uint8Array): Uint8Array {
  return concatBytes(cborHead(6, tag), item)
}

/** null. */
export const CBOR_NULL: Uint8Array = /* @__PURE__ */ Uint8Array.of(0xf6)
