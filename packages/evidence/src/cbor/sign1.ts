import { concatBytes } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import type { SignatureScheme } from '../crypto/jobs.ts'
import { decodeCbor } from './decode.ts'
import { cborArray, cborBytes, cborHead, cborTag, cborText } from './encode.ts'
import { type CborItem, type CborMap, entryOf } from './item.ts'
import { arrayOf, bytesOf, mapOf, wrongItem } from './typed.ts'

/** A COSE_Sign1 as received. Nothing in it is verified. @see RFC 9052, section 4.2 */
export interface CoseSign1 {
  /** Whether CBOR tag 18 was around it. */
  readonly tagged: boolean
  /** The content of the protected header's byte string, as received: this is what is signed. */
  readonly protected: Uint8Array
  /** The decoded protected header; empty when the byte string is. */
  readonly headers: CborMap
  readonly unprotected: CborMap
  /** The unprotected header as received: nobody signs it. */
  readonly unprotectedBytes: Uint8Array
  /** COSE algorithm from the protected header; undefined when it names none or one by text. */
  readonly algorithm: number | undefined
  readonly payload: Uint8Array
  /** Of the payload's content, from the start of the input. */
  readonly payloadOffset: number
  /** ECDSA: r then s. */
  readonly signature: Uint8Array
  readonly signatureOffset: number
}

/** Labels of common headers. @see RFC 9052, section 3.1 */
const HEADER = { algorithm: 1, critical: 2, contentType: 3 } as const

/** COSE_Sign1's tag, and COSE_Mac0's, which evidence must not have: its key would be shared. */
const TAG_SIGN1 = 18
const TAG_MAC0 = 17

/** COSE algorithms that evidence is signed with. @see RFC 9053, section 2.1 */
export const COSE_ALGORITHMS: ReadonlyMap<number, { readonly name: string; readonly scheme: SignatureScheme }> =
  new Map([
    [-7, { name: 'ES256', scheme: 'ecdsa-p256-sha256' }],
    [-35, { name: 'ES384', scheme: 'ecdsa-p384-sha384' }],
    [-36, { name: 'ES512', scheme: 'ecdsa-sha512' }],
  ])

/** Certificates may stand in it. */
const MAX_PROTECTED = 16 * 1024
const MAX_SIGNATURE = 1024

/**
 * Reads a COSE_Sign1, tagged or not, from a decoded item of `bytes`.
 *
 * @throws EvidenceError also for a header that must be understood and is not, for a label in both
 *   headers, and for a detached payload
 */
export function readSign1(bytes: Uint8Array, item: CborItem, field: string): CoseSign1 {
  const tagged = item.type === 'tag' && item.tag === TAG_SIGN1
  if (item.type === 'tag' && item.tag === TAG_MAC0) {
    throw refuse(field, 'a COSE_Mac0', 'a COSE_Sign1', item.offset, 'unsupported-kind')
  }
  const parts = arrayOf(tagged ? item.item : item, field, 4, 4).items
  const header = bytesOf(parts[0] as CborItem, `${field}.protected`, 0, MAX_PROTECTED)
  const headers = readProtected(bytes, parts[0] as CborItem, header, `${field}.protected`)
  const unprotected = mapOf(parts[1] as CborItem, `${field}.unprotected`)
  rejectUnknownCritical(headers, unprotected, field)
  const payload = bytesOf(parts[2] as CborItem, `${field}.payload`, 1, bytes.length)
  const signature = bytesOf(parts[3] as CborItem, `${field}.signature`, 1, MAX_SIGNATURE)
  const algorithm = entryOf(headers, HEADER.algorithm)
  return {
    tagged,
    protected: header,
    headers,
    unprotected,
    unprotectedBytes: bytes.subarray(unprotected.offset, unprotected.end),
    algorithm: algorithm?.type === 'integer' && typeof algorithm.value === 'number' ? algorithm.value : undefined,
    payload,
    payloadOffset: (parts[2] as CborItem).end - payload.length,
    signature,
    signatureOffset: (parts[3] as CborItem).end - signature.length,
  }
}

function readProtected(bytes: Uint8Array, item: CborItem, header: Uint8Array, field: string): CborMap {
  if (header.length === 0) return { type: 'map', entries: [], indefinite: false, offset: item.offset, end: item.end }
  return mapOf(decodeCbor(bytes, { field, start: item.end - header.length, end: item.end, maxItems: 64 }), field)
}

// RFC 9052, section 3: a label occurs once in both headers together. Section 3.1: `crit` is protected, and
// lists labels that are present; whoever does not understand one of them must not go on.
function rejectUnknownCritical(headers: CborMap, unprotected: CborMap, field: string): void {
  for (const { key } of unprotected.entries) {
    if (key.value === HEADER.critical || headers.entries.some((one) => one.key.value === key.value)) {
      throw wrongItem(key, `${field}.unprotected`, 'labels that are in one header only', `label ${quoted(key.value)}`)
    }
  }
  const critical = entryOf(headers, HEADER.critical)
  if (critical === undefined) return
  for (const label of arrayOf(critical, `${field}.protected.crit`, 1, 16).items) {
    const known = label.type === 'integer' && (label.value === HEADER.algorithm || label.value === HEADER.contentType)
    if (known && entryOf(headers, Number(label.value)) !== undefined) continue
    throw refuse(
      `${field}.protected.crit`,
      'a critical header that is not understood',
      'none but the algorithm and the content type',
      label.offset,
      'unsupported-kind',
    )
  }
}

function quoted(label: number | bigint | string): string {
  return typeof label === 'string' ? JSON.stringify(label.slice(0, 64)) : String(label)
}

/** Array of four, the text Signature1; and an empty byte string. */
const CONTEXT: Uint8Array = concatBytes(Uint8Array.of(0x84), cborText('Signature1'))
const EMPTY: Uint8Array = Uint8Array.of(0x40)

/** What a COSE_Sign1's signature is over; no external data. @see RFC 9052, section 4.4 */
export function sign1Input(header: Uint8Array, payload: Uint8Array): Uint8Array {
  return concatBytes(CONTEXT, cborHead(2, header.length), header, EMPTY, cborHead(2, payload.length), payload)
}

/** What a COSE_Sign1 is written from; without `unprotectedBytes` the unprotected header is empty. */
export type Sign1Parts = Pick<CoseSign1, 'tagged' | 'protected' | 'payload' | 'signature'> &
  Partial<Pick<CoseSign1, 'unprotectedBytes'>>

/** Writes a COSE_Sign1. */
export function encodeSign1(parts: Sign1Parts): Uint8Array {
  const array = cborArray([
    cborBytes(parts.protected),
    parts.unprotectedBytes ?? Uint8Array.of(0xa0),
    cborBytes(parts.payload),
    cborBytes(parts.signature),
  ])
  return parts.tagged ? cborTag(TAG_SIGN1, array) : array
}
