import { concat, utf8 } from './kit/bytes.ts'
import { ecdsaRaw, type KeyPair } from './kit/keys.ts'

/** An integer of either sign. RFC 8949, section 3.1, major types 0 and 1. */
export function cborInteger(value: number): Uint8Array {
  return value >= 0 ? head(0, value) : head(1, -1 - value)
}

/** A byte string. */
export function cborBytes(value: Uint8Array): Uint8Array {
  return concat(head(2, value.length), value)
}

/** A text. */
export function cborText(value: string): Uint8Array {
  const bytes = utf8(value)
  return concat(head(3, bytes.length), bytes)
}

/** An array of encoded items. */
export function cborArray(items: readonly Uint8Array[]): Uint8Array {
  return concat(head(4, items.length), ...items)
}

/** A map of encoded keys and values, in the order given. */
export function cborMap(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  return concat(head(5, entries.length), ...entries.flat())
}

/** An item with a tag in front. */
export function cborTag(tag: number, item: Uint8Array): Uint8Array {
  return concat(head(6, tag), item)
}

/** null. */
export const CBOR_NULL: Uint8Array = Uint8Array.of(0xf6)

function head(major: number, argument: number): Uint8Array {
  const first = major << 5
  if (argument < 24) return Uint8Array.of(first | argument)
  if (argument < 0x100) return Uint8Array.of(first | 24, argument)
  const size = argument < 0x10000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8
  const bytes = Buffer.alloc(size)
  if (size === 8) bytes.writeBigUInt64BE(BigInt(argument))
  else bytes.writeUIntBE(argument, 0, size)
  return concat(Uint8Array.of(first | (size === 2 ? 25 : size === 4 ? 26 : 27)), bytes)
}

const SIGN1_TAG = 18
/** Protected header that names ES384 and nothing else. RFC 9053, section 2.1 */
const ES384: Uint8Array = cborMap([[cborInteger(1), cborInteger(-35)]])

/** A COSE_Sign1 under a key on P-384. RFC 9052, sections 4.2 and 4.4. */
export function coseSign1(payload: Uint8Array, key: KeyPair, { tagged }: { readonly tagged: boolean }): Uint8Array {
  const signed = cborArray([cborText('Signature1'), cborBytes(ES384), cborBytes(new Uint8Array()), cborBytes(payload)])
  const signature = ecdsaRaw('sha384', key, signed)
  const message = cborArray([cborBytes(ES384), cborMap([]), cborBytes(payload), cborBytes(signature)])
  return tagged ? cborTag(SIGN1_TAG, message) : message
}
