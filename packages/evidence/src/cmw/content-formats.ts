/** The tag of content format 0. @see draft-ietf-rats-msg-wrap, section 3.2; RFC 9277, section 4.3 */
const FIRST_TAG = 1_668_546_817
/** Every 256th tag stands for no format: numbers of formats come in blocks of 255. */
const BLOCK = 255
const LAST_FORMAT = 65_024

/** The CBOR tag that wraps a message of a CoAP content format, 0 to 65024; undefined for any other number. */
export function tagOfContentFormat(format: number): number | undefined {
  if (!Number.isInteger(format) || format < 0 || format > LAST_FORMAT) return undefined
  return FIRST_TAG + Math.floor(format / BLOCK) * (BLOCK + 1) + (format % BLOCK)
}

/** The CoAP content format of a CBOR tag; undefined for tags that stand for none. */
export function contentFormatOfTag(tag: number | bigint): number | undefined {
  if (typeof tag !== 'number') return undefined
  const offset = tag - FIRST_TAG
  const place = offset % (BLOCK + 1)
  if (offset < 0 || place === BLOCK) return undefined
  const format = Math.floor(offset / (BLOCK + 1)) * BLOCK + place
  return format <= LAST_FORMAT ? format : undefined
}

/** Media types of the content formats that carry evidence or results. @see IANA, CoAP Content-Formats */
const MEDIA_TYPES: ReadonlyMap<number, string> = new Map([
  [61, 'application/cwt'],
  [263, 'application/eat+cwt'],
  [264, 'application/eat+jwt'],
  [265, 'application/eat-bun+cbor'],
  [266, 'application/eat-bun+json'],
  [267, 'application/eat-ucs+cbor'],
  [268, 'application/eat-ucs+json'],
])

/** The media type of a content format; undefined where this table has none. */
export function mediaTypeOf(format: number): string | undefined {
  return MEDIA_TYPES.get(format)
}
