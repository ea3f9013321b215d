import { toHex } from '@sekisho/evidence'

/** A GUID in its usual spelling, lower case, from the 16 bytes that UEFI stores: the first three fields are little-endian. */
export function guidText(bytes: Uint8Array): string {
  // A Buffer's `slice` is a view: reversed, it would change the firmware.
  const copy = new Uint8Array(bytes)
  const field = (start: number, end: number): Uint8Array => copy.subarray(start, end)
  return [field(0, 4).reverse(), field(4, 6).reverse(), field(6, 8).reverse(), field(8, 10), field(10, 16)]
    .map(toHex)
    .join('-')
}

/** The 16 bytes of a GUID that is spelt in lower-case hex; see {@link guidText}. */
export function guidBytes(text: string): Uint8Array {
  const fields = text
    .split('-')
    .map((field) => Uint8Array.from(field.match(/../g) ?? [], (pair) => Number(`0x${pair}`)))
  return Uint8Array.from(fields.flatMap((field, i) => [...(i < 3 ? field.reverse() : field)]))
}
