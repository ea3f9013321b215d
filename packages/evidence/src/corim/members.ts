import { type CborItem, type CborMap, entryOf } from '../cbor/item.ts'
import { wrongItem } from '../cbor/typed.ts'
import { refuse } from '../core/errors.ts'

/** Refuses members that are not among the names, which stand for 0, 1, 2, … @throws EvidenceError */
export function onlyMembers(map: CborMap, names: readonly string[], at: string): void {
  for (const { key } of map.entries) {
    if (key.type === 'integer' && typeof key.value === 'number' && key.value >= 0 && key.value < names.length) continue
    throw refuse(
      at,
      `the member ${String(key.value).slice(0, 64)}`,
      `members 0 to ${names.length - 1} alone (${names.join(', ')})`,
      key.offset,
      'unsupported-kind',
    )
  }
}

/** A member that must be there. @throws EvidenceError */
export function need(map: CborMap, key: number, at: string): CborItem {
  const item = entryOf(map, key)
  if (item === undefined) throw wrongItem(map, at, 'the member', `no member ${key}`)
  return item
}
