import { decodeCbor } from '../cbor/decode.ts'
import type { CborItem } from '../cbor/item.ts'
import { EvidenceError } from '../core/errors.ts'
import type { Companion } from './model.ts'

/** Extension with the endorsements of the evidence beside it. @see CCC interoperable RA-TLS */
export const ENDORSEMENTS = '2.23.133.5.4.2'

/** The parts behind the version, as Intel's functions return them, in their order; a time of creation may follow. */
const PARTS = [
  ...['tcb_info', 'tcb_info_issuer_chain', 'pck_crl', 'root_ca_crl', 'pck_crl_issuer_chain'],
  ...['qe_identity', 'qe_identity_issuer_chain'],
] as const

const QUOTE_TAG = 60000
const SEQUENCE = 0x30

/**
 * Intel's endorsements out of the value of that extension, by the names that the field's tools have.
 *
 * @returns undefined for a value of another form: then they are missing, which is their sender's affair
 */
export function endorsementsIn(value: Uint8Array): Companion | undefined {
  const list = listOf(value)
  const parts = list?.slice(1, PARTS.length + 1).map((item) => (item.type === 'bytes' ? item.value : undefined))
  if (parts === undefined || parts.length < PARTS.length || parts.includes(undefined)) return undefined
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

// A zero ends every part, of a CRL in DER as well.
function withoutZero(bytes: Uint8Array): Uint8Array {
  return bytes[0] === SEQUENCE && bytes.at(-1) === 0 && lengthOf(bytes) === bytes.length - 1
    ? bytes.subarray(0, -1)
    : bytes
}

/** Length of a DER element with a length of two or three bytes. */
function lengthOf([, size = 0, first = 0, second = 0, third = 0]: Uint8Array): number {
  if (size === 0x82) return 4 + first * 256 + second
  return size === 0x83 ? 5 + (first * 256 + second) * 256 + third : 0
}
