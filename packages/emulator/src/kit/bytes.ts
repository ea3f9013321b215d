/** One byte string after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** Bytes of a hexadecimal string. @throws TypeError when it is none */
export function fromHex(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'hex')
  if (bytes.length * 2 !== text.length) throw new TypeError(`not hexadecimal: ${text.slice(0, 32)}`)
  return new Uint8Array(bytes)
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** UTF-8 of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** `length` bytes of the value `value`. */
export function filled(length: number, value = 0): Uint8Array {
  return new Uint8Array(length).fill(value)
}

/** Little-endian number of `size` bytes. @throws RangeError when it does not fit */
export function le(value: number | bigint, size: number): Uint8Array {
  let rest = BigInt(value)
  if (rest < 0n || rest >> BigInt(8 * size) !== 0n) throw new RangeError(`${value} does not fit into ${size} bytes`)
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** A copy in which one bit differs. */
export function flipBit(bytes: Uint8Array, offset: number, bit = 0): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const value = copy[offset]
  if (value === undefined) throw new RangeError(`there is no byte ${offset}`)
  copy[offset] = value ^ (1 << bit)
  return copy
}

/** A copy in which `value` stands at `offset`. */
export function patched(bytes: Uint8Array, offset: number, value: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy.set(value, offset)
  return copy
}

/**
 * Writes a fixed layout: every field at its offset, zeros between.
 * @throws RangeError when a field has another length than its place, so that a wrong fixture is not made silently
 */
export function layout(
  size: number,
  fields: readonly (readonly [offset: number, length: number, value: Uint8Array])[],
): Uint8Array {
  const bytes = new Uint8Array(size)
  for (const [offset, length, value] of fields) {
    if (value.length !== length) throw new RangeError(`the field at ${offset} has ${length} bytes, not ${value.length}`)
    bytes.set(value, offset)
  }
  return bytes
}
