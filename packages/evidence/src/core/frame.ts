/** Byte strings as one. */
export interface Frame {
  readonly whole: Uint8Array
  /** The byte strings again, as views on `whole`; undefined where there was none. */
  readonly views: readonly (Uint8Array | undefined)[]
}

/** Bytes in front of each: tag and length. */
export const FRAME_HEAD = 5

/**
 * Copies byte strings into one, each behind a tag and its length, so that no two lists give the same.
 * @param tail bytes that were framed before, which follow
 */
export function frame(
  parts: readonly (readonly [tag: number, bytes: Uint8Array | undefined])[],
  tail: Uint8Array = NOTHING,
): Frame {
  let size = tail.length
  for (const [, bytes] of parts) if (bytes !== undefined) size += FRAME_HEAD + bytes.length
  const whole = new Uint8Array(size)
  let at = 0
  const views: (Uint8Array | undefined)[] = []
  for (const [tag, bytes] of parts) {
    if (bytes === undefined) {
      views.push(undefined)
      continue
    }
    const { length } = bytes
    whole[at] = tag
    whole[at + 1] = length >>> 24
    whole[at + 2] = length >>> 16
    whole[at + 3] = length >>> 8
    whole[at + 4] = length
    whole.set(bytes, at + FRAME_HEAD)
    at += FRAME_HEAD + length
    views.push(whole.subarray(at - length, at))
  }
  whole.set(tail, at)
  return { whole, views }
}

const NOTHING: Uint8Array = new Uint8Array(0)
