import { type EvidenceError, refuse } from '../core/errors.ts'

/** One element of BER. */
export interface BerNode {
  /** The identifier octet. */
  readonly tag: number
  readonly offset: number
  /** Content of a primitive element; of a constructed one what lies between its ends. */
  readonly content: Uint8Array
  /** Elements of a constructed one; empty for a primitive one. */
  readonly children: readonly BerNode[]
}

const MAX_DEPTH = 16
const MAX_NODES = 1024

/**
 * Parses exactly one BER element with everything below it: definite lengths, and indefinite ones of constructed
 * elements. For messages whose writers use BER; certificates are DER, and read by `DerReader`.
 *
 * @throws EvidenceError
 * @see ITU-T X.690, section 8.1
 */
export function parseBer(bytes: Uint8Array, field: string): BerNode {
  const walk = new Walk(bytes, field)
  const node = walk.node(bytes.length, 0)
  if (walk.at !== bytes.length)
    throw walk.error('trailing-bytes', `${bytes.length - walk.at} bytes are left over`, 'the end')
  return node
}

class Walk {
  at = 0
  readonly #bytes: Uint8Array
  readonly #field: string
  #left: number = MAX_NODES

  constructor(bytes: Uint8Array, field: string) {
    this.#bytes = bytes
    this.#field = field
  }

  node(end: number, depth: number): BerNode {
    if (depth > MAX_DEPTH) throw this.error('too-large', 'a deeper level', `at most ${MAX_DEPTH} levels`)
    if (--this.#left < 0) throw this.error('too-large', 'a further element', `at most ${MAX_NODES} elements`)
    const offset = this.at
    const tag = this.#byte(end)
    if ((tag & 0x1f) === 0x1f) throw this.error('malformed', 'a multi-byte tag', 'a single-byte tag')
    const constructed = (tag & 0x20) !== 0
    const length = this.#length(end)
    if (length === undefined && !constructed)
      throw this.error('malformed', 'an indefinite length of a primitive element', 'a definite length')
    const start = this.at
    if (length === undefined) return this.#indefinite(tag, offset, start, end, depth)
    if (length > end - start) throw this.error('truncated', `${end - start} bytes are left`, `${length} bytes`)
    const stop = start + length
    const children: BerNode[] = []
    if (constructed) while (this.at < stop) children.push(this.node(stop, depth + 1))
    this.at = stop
    return { tag, offset, content: this.#bytes.subarray(start, stop), children }
  }

  #indefinite(tag: number, offset: number, start: number, end: number, depth: number): BerNode {
    const children: BerNode[] = []
    while (!this.#atEnd(end)) children.push(this.node(end, depth + 1))
    const content = this.#bytes.subarray(start, this.at)
    this.at += 2
    return { tag, offset, content, children }
  }

  // Two zero bytes close an indefinite length.
  #atEnd(end: number): boolean {
    if (end - this.at < 2) throw this.error('truncated', 'the end', 'the end of an indefinite length')
    return this.#bytes[this.at] === 0 && this.#bytes[this.at + 1] === 0
  }

  #length(end: number): number | undefined {
    const first = this.#byte(end)
    if (first < 0x80) return first
    if (first === 0x80) return undefined
    const count = first & 0x7f
    if (count > 3) throw this.error('malformed', 'a length of unusual form', 'a length of at most 3 bytes')
    let length = 0
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte(end)
    return length
  }

  #byte(end: number): number {
    const byte = this.at < end ? this.#bytes[this.at] : undefined
    if (byte === undefined) throw this.error('truncated', 'the end', 'another byte')
    this.at++
    return byte
  }

  error(code: EvidenceError['code'], found: string, expected: string): EvidenceError {
    return refuse(this.#field, found, expected, this.at, code)
  }
}
