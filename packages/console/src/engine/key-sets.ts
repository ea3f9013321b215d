import { fromBase64, textOf } from './bytes.ts'
import { isRecord, type JsonRecord } from './json.ts'

/** A JSON Web Key Set, which may say of itself whose it is, and which certificates above its keys are revoked. */
export interface KeySet {
  /** Its text, with whatever else it has. */
  readonly jwks: string
  /** How many keys there are. */
  readonly keys: number
  /** `issuer` beside `keys`. */
  readonly issuer: string | undefined
  /** `crls` beside `keys`: lists in base64 of DER. */
  readonly lists: readonly Uint8Array[]
}

const MAX_LISTS = 16

/** @returns undefined when it is none @throws TypeError for members beside the keys that are not what they should be */
export function readKeySet(content: JsonRecord, bytes: Uint8Array): KeySet | undefined {
  const { keys, issuer, crls = [] } = content
  if (
    !Array.isArray(keys) ||
    !keys.every((one) => isRecord(one) && (Object.hasOwn(one, 'kty') || Object.hasOwn(one, 'pkey')))
  )
    return undefined
  if (issuer !== undefined && typeof issuer !== 'string') throw new TypeError('issuer of the key set: expected text')
  if (!Array.isArray(crls) || crls.length > MAX_LISTS)
    throw new TypeError(`crls of the key set: expected a list of at most ${MAX_LISTS} revocation lists`)
  const lists = crls.map((one: unknown, i) => {
    const der = typeof one === 'string' ? fromBase64(one) : undefined
    if (der === undefined || der.length === 0) throw new TypeError(`crls[${i}] of the key set: expected base64`)
    return der
  })
  return { jwks: textOf(bytes), keys: keys.length, issuer, lists }
}

/** The set for tokens of an issuer: that which names it, or else the last one that names nobody. */
export function keySetFor(sets: readonly KeySet[], issuer: unknown): KeySet | undefined {
  return sets.findLast((one) => one.issuer === issuer) ?? sets.findLast((one) => one.issuer === undefined)
}
