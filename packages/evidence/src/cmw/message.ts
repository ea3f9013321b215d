/** What a message is, as its sender says. @see draft-ietf-rats-msg-wrap, section 3.1 */
export type CmwIndicator = 'reference-values' | 'endorsements' | 'evidence' | 'attestation-results' | 'appraisal-policy'

/** Indicators, by number of their bit. */
export const CMW_INDICATORS: readonly CmwIndicator[] = [
  'reference-values',
  'endorsements',
  'evidence',
  'attestation-results',
  'appraisal-policy',
]

/** One conceptual message, as a record or inside of a CBOR tag. */
export interface CmwRecord {
  readonly kind: 'record'
  readonly form: 'record' | 'tag'
  /** A media type, or the number of a CoAP content format. */
  readonly type: string | number
  readonly value: Uint8Array
  /** Undefined when the record does not say. */
  readonly indicators: readonly CmwIndicator[] | undefined
}

/** Messages by label. */
export interface CmwCollection {
  readonly kind: 'collection'
  /** What the collection is: a URI, or an object identifier in dotted form. */
  readonly type: string | undefined
  /** At least one; in the order received. */
  readonly entries: readonly CmwEntry[]
}

/** One message of a collection. */
export interface CmwEntry {
  /** Text, or in CBOR an integer. */
  readonly label: string | number
  readonly message: Cmw
}

/** A conceptual message wrapper, decoded. Nothing in it is believed. */
export type Cmw = CmwRecord | CmwCollection

/** How deep collections may lie in each other, and how many messages one wrapper may hold. */
export const CMW_BOUNDS = { depth: 4, messages: 64 } as const

/** The member that says what a collection is. */
export const COLLECTION_TYPE = '__cmwc_t'

/** A record of a collection, however deep, with the labels that lead to it. */
export interface CmwLeaf {
  /** Labels from the outside in, joined by `/`; empty for a record that stands alone. */
  readonly path: string
  readonly record: CmwRecord
}

/** Every record of a wrapper, in order. */
export function recordsOf(message: Cmw, path = ''): readonly CmwLeaf[] {
  if (message.kind === 'record') return [{ path, record: message }]
  return message.entries.flatMap(({ label, message: inner }) =>
    recordsOf(inner, path === '' ? `${label}` : `${path}/${label}`),
  )
}
