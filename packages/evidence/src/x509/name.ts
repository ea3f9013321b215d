import { equalBytes, toHex } from '../core/bytes.ts'
import { type DerReader, TAG, type Tlv } from './der.ts'

/** A distinguished name. */
export interface Name {
  /** The whole element. */
  readonly der: Uint8Array
  /** Canonical text for comparing: attribute types and values in order. */
  readonly key: string
  /** The last common name, or undefined. */
  readonly commonName: string | undefined
  readonly organization: string | undefined
  readonly organizationalUnit: string | undefined
}

const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
const ORGANIZATIONAL_UNIT = '2.5.4.11'
const TEXT_TAGS: readonly number[] = [TAG.utf8String, TAG.printableString, TAG.ia5String, TAG.teletexString]
const MAX_ATTRIBUTES = 32

/**
 * Reads a Name. Two names are equal when `key` is: the same attributes with the same text in the same
 * order, whichever string type carries the text.
 *
 * @param pool certificates parsed before: where one is of the same bytes its subject is returned instead of reading again
 * @see RFC 5280, section 4.1.2.4
 */
export function readName(from: DerReader, field: string, pool: readonly { readonly subject: Name }[] = []): Name {
  const element = from.element(TAG.sequence, field)
  const der = from.whole(element)
  for (const { subject } of pool) if (equalBytes(subject.der, der)) return subject
  const sets = from.within(element)
  let key = ''
  let parts = 0
  let commonName: string | undefined
  let organization: string | undefined
  let organizationalUnit: string | undefined
  while (!sets.done) {
    const set = sets.inside(TAG.set, field)
    while (!set.done) {
      if (parts === MAX_ATTRIBUTES)
        throw sets.error('too-large', 'more attributes', `at most ${MAX_ATTRIBUTES} attributes`, field)
      const attribute = set.inside(TAG.sequence, field)
      const type = attribute.oid(field)
      const element = attribute.any(field)
      attribute.finish(field)
      const value = TEXT_TAGS.includes(element.tag) ? text(attribute, element) : `#${toHex(attribute.whole(element))}`
      if (type === COMMON_NAME) commonName = value
      else if (type === ORGANIZATION) organization = value
      else if (type === ORGANIZATIONAL_UNIT) organizationalUnit = value
      parts++
      key += `${type}=${value.length}:${value};`
    }
    key += '/'
  }
  return { der, key, commonName, organization, organizationalUnit }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

// Names are ASCII, and short: one call is several times faster than a decoder, and adding letter to letter leaves a
// chain of pieces behind, thirty times the size.
function text(from: DerReader, element: Tlv): string {
  const content = from.content(element)
  for (let i = 0; i < content.length; i++) if ((content[i] as number) >= 0x80) return utf8.decode(content)
  return content.length > 64 ? utf8.decode(content) : Reflect.apply(String.fromCharCode, undefined, content)
}
