import type { Cryptoki } from './cryptoki.ts'

/** A value of an attribute: bytes, a truth value, or a CK_ULONG. */
export type AttributeValue = Uint8Array | boolean | bigint

/** Memory of its own (never a slice of a pool) with these bytes. */
export function own(bytes: Uint8Array): Buffer {
  const memory = Buffer.alloc(bytes.length)
  memory.set(bytes)
  return memory
}

/** A CK_ULONG in memory. */
export function ulong(value: bigint): Buffer {
  const memory = Buffer.alloc(8)
  memory.writeBigUInt64LE(value)
  return memory
}

const ATTRIBUTE_BYTES = 24

// What a structure points to lies behind it in the same memory: whoever holds the structure holds all of it.

/** An array of CK_ATTRIBUTE (type, pointer, length) with their values behind it. */
export function attributes(cryptoki: Cryptoki, list: readonly (readonly [number, AttributeValue])[]): Buffer {
  const values = list.map(([, value]) => valueBytes(value))
  const laid = own(Buffer.concat([Buffer.alloc(list.length * ATTRIBUTE_BYTES), ...values]))
  let at = list.length * ATTRIBUTE_BYTES
  for (const [i, [type]] of list.entries()) {
    const length = values[i]?.length ?? 0
    laid.writeBigUInt64LE(BigInt(type), i * ATTRIBUTE_BYTES)
    laid.writeBigUInt64LE(cryptoki.address(laid) + BigInt(at), i * ATTRIBUTE_BYTES + 8)
    laid.writeBigUInt64LE(BigInt(length), i * ATTRIBUTE_BYTES + 16)
    at += length
  }
  return laid
}

/** The value of the only attribute of an array that a library filled in. */
export function onlyValue(memory: Buffer): Uint8Array {
  const length = memory.readBigUInt64LE(16)
  const room = memory.subarray(ATTRIBUTE_BYTES)
  return room.subarray(0, length > BigInt(room.length) ? 0 : Number(length))
}

/** A CK_MECHANISM without a parameter. */
export function plainMechanism(type: bigint): Buffer {
  return own(Buffer.concat([ulong(type), Buffer.alloc(16)]))
}

const MECHANISM_BYTES = 24
const GCM_PARAMS_BYTES = 48

/** A CK_MECHANISM with CK_GCM_PARAMS behind it: a nonce, associated data, and a tag of 16 bytes. */
export function gcmMechanism(cryptoki: Cryptoki, type: bigint, nonce: Uint8Array, aad: Uint8Array): Buffer {
  const laid = Buffer.alloc(MECHANISM_BYTES + GCM_PARAMS_BYTES + nonce.length + aad.length)
  const params = cryptoki.address(laid) + BigInt(MECHANISM_BYTES)
  const iv = params + BigInt(GCM_PARAMS_BYTES)
  const fields = [
    ...[type, params, BigInt(GCM_PARAMS_BYTES)],
    ...[iv, BigInt(nonce.length), BigInt(nonce.length * 8)],
    ...[iv + BigInt(nonce.length), BigInt(aad.length), 128n],
  ]
  for (const [i, field] of fields.entries()) laid.writeBigUInt64LE(field, i * 8)
  laid.set(nonce, MECHANISM_BYTES + GCM_PARAMS_BYTES)
  laid.set(aad, MECHANISM_BYTES + GCM_PARAMS_BYTES + nonce.length)
  return laid
}

function valueBytes(value: AttributeValue): Uint8Array {
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0)
  return typeof value === 'bigint' ? ulong(value) : value
}
