import type { CborItem } from '../cbor/item.ts'
import { bytesOf, bytesOfLength, wrongItem } from '../cbor/typed.ts'
import { DIGEST_LENGTHS } from './components.ts'

/** What a platform was challenged with: one value as long as a digest. @throws EvidenceError @see RFC 9783, section 4.1.1 */
export function readChallenge(item: CborItem, field: string): Uint8Array {
  if (item.type === 'array') throw wrongItem(item, field, 'one value', 'several values')
  return bytesOfLength(item, field, DIGEST_LENGTHS)
}

/** An Instance ID: a UEID of type RAND, 33 bytes. @throws EvidenceError @see RFC 9783, section 4.2.1 */
export function readInstanceId(item: CborItem, field: string): Uint8Array {
  const id = bytesOf(item, field, 33, 33)
  if (id[0] !== 1) throw wrongItem(item, field, '33 bytes that begin with 01', 'another first byte')
  return id
}
