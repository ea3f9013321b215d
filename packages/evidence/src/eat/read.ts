import { decodeCbor } from '../cbor/decode.ts'
import type { JsonObject } from '../core/json.ts'
import { claimsFromCbor } from './from-cbor.ts'

/**
 * The claims of an unsigned claims set in CBOR, under the names they have in JSON; tag 601 may be around it.
 *
 * @throws EvidenceError
 * @see RFC 9711, section 7.3; RFC 9781
 */
export function claimsOfCbor(bytes: Uint8Array): JsonObject {
  const item = decodeCbor(bytes, { field: 'claims' })
  return claimsFromCbor(item.type === 'tag' && item.tag === UCCS ? item.item : item, 'claims')
}

const UCCS = 601
