import { EvidenceError } from '@sekisho/evidence'

/** The bytes of an image: whole, or piece by piece, as a file or an upload is read. */
export type ImageBytes = Uint8Array | AsyncIterable<Uint8Array>

/** Pieces of this size are handed on, however large the input's are. */
const PIECE = 1024 * 1024

/**
 * Reads an image front to back, once. Nothing is kept of what was read, and nothing is allocated for a
 * length before its bytes are there.
 */
export class ImageReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #watch: (bytes: Uint8Array) => void
  #held: Uint8Array = new Uint8Array()
  #offset = 0

  /** `watch` sees every byte in order, before {@link take} or {@link pass} give it on. */
  constructor(image: ImageBytes, watch: (bytes: Uint8Array) => void) {
    this.#pieces = (image instanceof Uint8Array ? onePiece(image) : image)[Symbol.asyncIterator]()
    this.#watch = watch
  }

  /** Offset of the next byte in the image. */
  get offset(): number {
    return this.#offset
  }

  /** The next `length` bytes, as a copy. `length` is bounded by the caller. @throws EvidenceError `truncated` */
  async take(length: number, field: string): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    await this.pass(length, field, (part) => parts.push(part))
    const taken = new Uint8Array(length)
    let at = 0
    for (const part of parts) {
      taken.set(part, at)
      at += part.length
    }
    return taken
  }

  /** Gives the next `length` bytes to `sink`, piece by piece. @throws EvidenceError `truncated` when the image ends before */
  async pass(length: number, field: string, sink: (bytes: Uint8Array) => void): Promise<void> {
    const start = this.#offset
    for (let left = length; left > 0; ) {
      if (this.#held.length === 0 && !(await this.#more())) {
        throw new EvidenceError('truncated', `${length - left} bytes are left`, {
          field,
          offset: start,
          expected: `${length} bytes`,
        })
      }
      const part = this.#held.subarray(0, Math.min(left, PIECE))
      this.#held = this.#held.subarray(part.length)
      this.#offset += part.length
      left -= part.length
      this.#watch(part)
      sink(part)
    }
  }

  /** @throws EvidenceError `trailing-bytes` unless everything was read */
  async end(field: string): Promise<void> {
    if (this.#held.length === 0 && !(await this.#more())) return
    throw new EvidenceError('trailing-bytes', 'further bytes', {
      field,
      offset: this.#offset,
      expected: 'the end of the image',
    })
  }

  /** Tells the source that no more is wanted, so that it can close what it has open. */
  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#pieces.next()
      if (done === true) return false
      if (!(value instanceof Uint8Array)) throw new TypeError('image: expected pieces that are Uint8Arrays')
      if (value.length === 0) continue
      this.#held = value
      return true
    }
  }
}

async function* onePiece(image: Uint8Array): AsyncGenerator<Uint8Array> {
  yield image
}
