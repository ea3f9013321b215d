import { decodeCbor } from '../cbor/decode.ts'
import { cborInteger, cborMap } from '../cbor/encode.ts'
import type { CborItem, CborMap } from '../cbor/item.ts'
import { mapOf, wrongItem } from '../cbor/typed.ts'
import type { EvidenceError } from '../core/errors.ts'

/** What a missing claim's error expects. */
export const MANDATORY = 'the mandatory claim'

/** A claims set, of which claims are taken one by one. */
export class ClaimsSet {
  readonly #bytes: Uint8Array
  readonly #map: CborMap
  readonly #field: string

  /** Decodes the claims set that lies in `bytes` from `start` to `end`. @throws EvidenceError */
  constructor(bytes: Uint8Array, field: string, start: number, end: number) {
    this.#bytes = bytes
    this.#map = mapOf(decodeCbor(bytes, { field, start, end, maxItems: 1024 }), field)
    this.#field = field
  }

  /** Keys in the order received; text keys and those beyond safe integers are left out. */
  get order(): readonly number[] {
    const order: number[] = []
    for (const { key } of this.#map.entries) if (typeof key.value === 'number') order.push(key.value)
    return order
  }

  has(key: number): boolean {
    return this.#map.entries.some((entry) => entry.key.value === key)
  }

  /** Refuses a claims set in which one of the claims is missing, before any is read. @throws EvidenceError */
  require(names: Readonly<Record<string, number>>): void {
    for (const [name, key] of Object.entries(names)) if (!this.has(key)) throw this.#missing(key, name)
  }

  /** A claim by key, read with what `bounds` says. @throws EvidenceError when it is missing */
  need<T, B extends readonly unknown[]>(
    key: number,
    name: string,
    read: (item: CborItem, field: string, ...bounds: B) => T,
    ...bounds: B
  ): T {
    const value = this.maybe(key, name, read, ...bounds)
    if (value !== undefined) return value
    throw this.#missing(key, name)
  }

  /** A claim by key, or undefined when it is not there. */
  maybe<T, B extends readonly unknown[]>(
    key: number,
    name: string,
    read: (item: CborItem, field: string, ...bounds: B) => T,
    ...bounds: B
  ): T | undefined {
    const entry = this.#map.entries.find((one) => one.key.value === key)
    return entry === undefined ? undefined : read(entry.value, `${this.#field}.${name}`, ...bounds)
  }

  #missing(key: number, name: string): EvidenceError {
    return wrongItem(this.#map, `${this.#field}.${name}`, MANDATORY, `no claim ${key}`)
  }

  /** Encoded values of the claims that are not in `known`, by key. They are signed, and claim nothing here. */
  unknown(known: readonly number[]): Readonly<Record<string, Uint8Array>> {
    const found: Record<string, Uint8Array> = Object.create(null)
    for (const { key, value } of this.#map.entries) {
      if (typeof key.value === 'number' && known.includes(key.value)) continue
      found[String(key.value)] = this.#bytes.subarray(value.offset, value.end)
    }
    return found
  }
}

/** Claims that are encoded already, by key. */
export type EncodedClaims = ReadonlyMap<number, Uint8Array | undefined>

/** Writes a claims set in the order given; a claim without a value is left out. */
export function encodeClaims(
  order: readonly number[],
  known: EncodedClaims,
  unknown: Readonly<Record<string, Uint8Array>>,
): Uint8Array {
  const entries: (readonly [Uint8Array, Uint8Array])[] = []
  for (const key of order) {
    const value = known.get(key) ?? unknown[String(key)]
    if (value !== undefined) entries.push([cborInteger(key), value])
  }
  return cborMap(entries)
}
