import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { IMAGE_HEAD } from '@sekisho/measurement'
import type { Around } from '../around.ts'
import { unreadable } from '../exit.ts'
import { inWords } from '../input.ts'

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

/** The bytes of a file that goes with the image; its errors name that file. @throws CliError (unreadable) */
export async function* fileBytes(file: string, around: Around): AsyncGenerator<Uint8Array> {
  try {
    yield* imageBytes(file, around)
  } catch (error) {
    throw inWords(file, error)
  }
}

/** All bytes of an image that is held in memory. @throws CliError (unreadable) for more than `limit` */
export async function wholeImage(file: string, image: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of image) {
    length += piece.length
    if (length > limit) throw unreadable(`${nameOf(file)}: more than ${limit} bytes; no firmware is that large`)
    pieces.push(piece)
  }
  return new Uint8Array(Buffer.concat(pieces))
}

/** What a file is called in expectations that were computed from it. */
export function sourceOf(file: string): string {
  return file === '-' ? 'standard input' : basename(file)
}

/** What a file is called in errors. */
export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file
}
