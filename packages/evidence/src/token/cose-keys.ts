import { readCoseKey } from '../arm/keys.ts'
import { decodeCbor } from '../cbor/decode.ts'
import { type CborItem, type CborMap, entryOf } from '../cbor/item.ts'
import { arrayOf, mapOf } from '../cbor/typed.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import { ecSpki } from '../crypto/ec-key.ts'
import { sha256 } from '../crypto/jobs.ts'
import { algorithmNameOf, keyIdText } from './cwt.ts'
import type { TrustedKey } from './keys.ts'

const MAX_KEYS = 64
const LABEL = { keyId: 2, algorithm: 3, operations: 4 } as const
const VERIFY = 2

/**
 * Reads a COSE_Key or a COSE_KeySet of EC keys. A key that cannot be read does not hide the others: it has a `fault`.
 *
 * @throws EvidenceError when the whole is unreadable, or one key id stands for two keys
 * @see RFC 9052, section 7
 */
export function readCoseKeySet(bytes: Uint8Array): readonly TrustedKey[] {
  const item = decodeCbor(bytes, { field: 'keys', maxItems: 2048 })
  const list: readonly CborItem[] = item.type === 'map' ? [item] : arrayOf(item, 'keys', 1, MAX_KEYS).items
  const keys = list.map((one, i) => readKey(bytes, mapOf(one, `keys[${i}]`), `keys[${i}]`))
  const named = keys.map(({ kid }) => kid).filter((kid) => kid !== undefined)
  if (new Set(named).size === named.length) return keys
  throw refuse('keys', 'a key id twice', 'each key id once')
}

function readKey(bytes: Uint8Array, map: CborMap, field: string): TrustedKey {
  const id = entryOf(map, LABEL.keyId)
  const algorithm = entryOf(map, LABEL.algorithm)
  const named = {
    kid: id?.type === 'bytes' ? keyIdText(id.value) : undefined,
    alg:
      algorithm?.type === 'integer' ? (algorithmNameOf(Number(algorithm.value)) ?? String(algorithm.value)) : undefined,
    use: useOf(entryOf(map, LABEL.operations)),
  }
  try {
    const key = readCoseKey(bytes, field, map.offset, map.end)
    return { ...named, key, spki: sha256(ecSpki(key)), fault: undefined }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { ...named, key: undefined, spki: undefined, fault: error.message }
  }
}

// `key_ops` says what a key may do; `verify` must be among it.
function useOf(operations: CborItem | undefined): string | undefined {
  if (operations === undefined) return undefined
  const all = operations.type === 'array' ? operations.items : []
  return all.some((one) => one.type === 'integer' && one.value === VERIFY) ? 'sig' : 'none'
}
