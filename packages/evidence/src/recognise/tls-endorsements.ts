import { decodeCbor } from '../cbor/decode.ts'
import type { CborItem } from '../cbor/item.ts'
import { EvidenceError } from '../core/errors.ts'
import { withoutZero } from '../x509/der.ts'
import type { Companion } from './model.ts'

/** Extension with the endorsements of the evidence beside it. @see CCC interoperable RA-TLS */
export const ENDORSEMENTS = '2.23.133.5.4.2'

/** The parts behind the version, as Intel's functions return them, in their order; a time of creation may follow. */
const PARTS = [
  ...['tcb_info', 'tcb_info_issuer_chain', 'pck_crl', 'root_ca_crl', 'pck_crl_issuer_chain'],
  ...['qe_identity', 'qe_identity_issuer_chain'],
] as const

const QUOTE_TAG = 60000

/**
 * Intel's endorsements out of the value of that extension, by the names that the field's tools have.
 *
 * @returns undefined for a value of another form: then they are missing, which is their sender's affair
 */
export function endorsementsIn(value: Uint8Array): Companion | undefined {
  const list = listOf(value)
  const parts = list?.slice(1, PARTS.length + 1).map((item) => (item.type === 'bytes' ? item.value : undefined))
  if (parts === undefined || parts.length < PARTS.length || parts.includes(undefined)) return undefined
  // A zero ends every part, of a CRL in DER as well.
  const members = PARTS.map((name, i) => [name, [...withoutZero(parts[i] ?? new Uint8Array(0))]])
  const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(members)))
  return { kind: 'endorsements', from: `extension ${ENDORSEMENTS}`, bytes }
}

function listOf(value: Uint8Array): readonly CborItem[] | undefined {
  try {
    const item = decodeCbor(value, { field: 'endorsements', maxItems: 64 })
    const inner = item.type === 'tag' && Number(item.tag) === QUOTE_TAG ? item.item : item
    return inner.type === 'array' ? inner.items : undefined
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}
