/** One element of DER. */
export interface DerElement {
  readonly tag: number
  /** Tag, length and content. */
  readonly raw: Uint8Array
  readonly content: Uint8Array
}

/**
 * The elements that fill `bytes`, not descending into them. Definite lengths of at most three bytes, single-byte tags.
 * @throws RangeError when they do not fill it exactly
 * @see ITU-T X.690, section 8.1
 */
export function derElements(bytes: Uint8Array): readonly DerElement[] {
  const elements: DerElement[] = []
  let at = 0
  while (at < bytes.length) {
    const { start, end } = headerAt(bytes, at)
    elements.push({ tag: bytes[at] as number, raw: bytes.subarray(at, end), content: bytes.subarray(start, end) })
    at = end
  }
  return elements
}

/** The one element that `bytes` is. @throws RangeError when it is not exactly one with this tag */
export function derElement(bytes: Uint8Array, tag: number): DerElement {
  const [element, ...more] = derElements(bytes)
  if (element === undefined || more.length > 0 || element.tag !== tag)
    throw new RangeError('not one DER element of this kind')
  return element
}

/** `bytes` without the zero that Intel's library puts behind an element of DER; anything else as it is. @throws RangeError for what is no DER */
export function withoutZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 1
  return bytes[end] === 0 && headerAt(bytes, 0).end === end ? bytes.subarray(0, end) : bytes
}

/** Value of the content of a non-negative INTEGER of at most four bytes. @throws RangeError */
export function derInteger(content: Uint8Array): number {
  if (content.length === 0 || content.length > 5 || (content[0] as number) >= 0x80)
    throw new RangeError('not a small DER integer')
  return content.reduce((value, byte) => value * 256 + byte, 0)
}

/**
 * One element: tag, shortest length, content.
 * @throws RangeError for a content of 64 KiB or more, which no request has
 */
export function encodeDer(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(content)
  const { length } = body
  if (length > 0xffff) throw new RangeError('a DER content of 64 KiB or more')
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, ...head), body]))
}

function headerAt(bytes: Uint8Array, at: number): { readonly start: number; readonly end: number } {
  const tag = bytes[at] as number
  const first = bytes[at + 1]
  if ((tag & 0x1f) === 0x1f || first === undefined) throw new RangeError('DER is cut short or has a multi-byte tag')
  const count = first < 0x80 ? 0 : first & 0x7f
  const start = at + 2 + count
  if ((first >= 0x80 && count === 0) || count > 3 || start > bytes.length)
    throw new RangeError('a DER length of unusual form')
  const length = count === 0 ? first : bytes.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0)
  if (length > bytes.length - start) throw new RangeError('DER is cut short')
  return { start, end: start + length }
}
