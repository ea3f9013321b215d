/** Where an item lies in the bytes it was decoded from; `end` is the first byte behind it. */
interface Placed {
  readonly offset: number
  readonly end: number
}

export interface CborInteger extends Placed {
  readonly type: 'integer'
  /** A bigint only when it is beyond the safe integers. */
  readonly value: number | bigint
}

export interface CborBytes extends Placed {
  readonly type: 'bytes'
  /** A view on the input; it ends where the item does. */
  readonly value: Uint8Array
}

export interface CborText extends Placed {
  readonly type: 'text'
  readonly value: string
}

export interface CborArray extends Placed {
  readonly type: 'array'
  readonly items: readonly CborItem[]
  readonly indefinite: boolean
}

/** One pair of a map. */
export interface CborEntry {
  readonly key: CborInteger | CborText
  readonly value: CborItem
}

export interface CborMap extends Placed {
  readonly type: 'map'
  /** In the order received; no two have the same key. */
  readonly entries: readonly CborEntry[]
  readonly indefinite: boolean
}

export interface CborTag extends Placed {
  readonly type: 'tag'
  readonly tag: number | bigint
  readonly item: CborItem
}

/** false (20), true (21), null (22), undefined (23) and the unassigned ones. */
export interface CborSimple extends Placed {
  readonly type: 'simple'
  readonly value: number
}

/** Evidence holds no floating-point numbers: one is stepped over where unknown members are. */
export interface CborFloat extends Placed {
  readonly type: 'float'
}

/** One CBOR data item. @see RFC 8949, section 3 */
export type CborItem = CborInteger | CborBytes | CborText | CborArray | CborMap | CborTag | CborSimple | CborFloat

/** Numbers of simple values. */
export const SIMPLE = { false: 20, true: 21, null: 22, undefined: 23 } as const

/** Value of a key, or undefined. */
export function entryOf(map: CborMap, key: number | string): CborItem | undefined {
  for (const entry of map.entries) if (entry.key.value === key) return entry.value
  return undefined
}

/** Whether an item is null. */
export function isNull(item: CborItem): boolean {
  return item.type === 'simple' && item.value === SIMPLE.null
}
