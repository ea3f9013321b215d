import { createReadStream } from 'node:fs'
import { IMAGE_HEAD } from '@sekisho/measurement'
import type { Around } from '../around.ts'

const PIECE = 1024 * 1024
/** Longest image from standard input, which is held in memory: 1 GiB. */
const MAX_STDIN = 1024 ** 3

/** The bytes of a file piece by piece, or of standard input (`-`). Its errors are those of the file system. */
export async function* imageBytes(file: string, around: Around): AsyncGenerator<Uint8Array> {
  if (file === '-') yield await around.stdin(MAX_STDIN)
  else yield* createReadStream(file, { highWaterMark: PIECE })
}

/** The first bytes of an image, as many as tell its kind, and all of it, those included. */
export async function withHead(
  pieces: AsyncGenerator<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly image: AsyncGenerator<Uint8Array> }> {
  const first: Uint8Array[] = []
  for (let length = 0; length < IMAGE_HEAD; ) {
    const { done, value } = await pieces.next()
    if (done === true) break
    first.push(value)
    length += value.length
  }
  return { head: new Uint8Array(Buffer.concat(first)), image: joined(first, pieces) }
}

async function* joined(first: readonly Uint8Array[], rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first
  yield* rest
}
