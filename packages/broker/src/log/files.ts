import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openCheckpoint } from './checkpoint.ts'
import type { Log } from './log.ts'
import { readVerifierKey } from './note.ts'
import { ENTRY_LIMIT, formatBundle, formatLogPath, type LogPath, parseLogPath, TILE_WIDTH } from './tiles.ts'

/**
 * Where the files of a log are read from: the path (`checkpoint`, `tile/…` after C2SP tlog-tiles,
 * without a leading slash) to bytes, or undefined when there is no such file.
 */
export type LogReader = (path: string) => Promise<Uint8Array | undefined>

/** Bytes a file of a log can have: a full bundle of the largest entries. */
export const LOG_FILE_LIMIT: number = TILE_WIDTH * (2 + ENTRY_LIMIT)

/** The files of a log as it stands; what is asked for and cannot be there is undefined. */
export function logReader(log: Log): LogReader {
  return async (text) => {
    const path = parseLogPath(text)
    if (path === undefined) return undefined
    try {
      return await read(log, path)
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }
}

async function read(log: Log, path: LogPath): Promise<Uint8Array> {
  switch (path.kind) {
    case 'checkpoint':
      return Buffer.from(await log.checkpoint())
    case 'tile':
      return await log.tile(path.level, path.index, path.width)
    case 'entries':
      return formatBundle(await log.entries(path.index * TILE_WIDTH, path.width))
  }
}

/** The files of an exported log in a folder. */
export function folderReader(folder: string): LogReader {
  return async (path) => {
    if (parseLogPath(path) === undefined) return undefined
    try {
      const file = await open(join(folder, path))
      try {
        const { size } = await file.stat()
        if (size > LOG_FILE_LIMIT) throw new TypeError(`${path}: larger than any file of a log`)
        return await file.readFile()
      } finally {
        await file.close()
      }
    } catch (error) {
      if (error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(String(error.code))) {
        return undefined
      }
      throw error
    }
  }
}

const ANSWER_MS = 10_000

/** The files of a log at an address, for instance `https://host/log/`. @throws TypeError (from the reader) when it does not answer as a log does */
export function urlReader(base: string | URL): LogReader {
  const root = new URL(base)
  if (!root.pathname.endsWith('/')) root.pathname += '/'
  return async (path) => {
    if (parseLogPath(path) === undefined) return undefined
    const response = await fetch(new URL(path, root), { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'error' })
    if (response.status === 404 || response.status === 410) {
      await response.body?.cancel()
      return undefined
    }
    if (!response.ok || response.body === null) throw new TypeError(`${path}: the log answers with ${response.status}`)
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of response.body) {
      size += part.length
      if (size > LOG_FILE_LIMIT) throw new TypeError(`${path}: larger than any file of a log`)
      parts.push(part)
    }
    return Buffer.concat(parts)
  }
}

/**
 * Writes a log into a folder as the files of C2SP tlog-tiles: anyone can check them offline with
 * `verifyLogExport`. The checkpoint is written last. What an earlier export left there is replaced.
 *
 * @returns the number of entries
 */
export async function exportLog(log: Log, folder: string): Promise<number> {
  const checkpoint = await log.checkpoint()
  const { size } = openCheckpoint(checkpoint, readVerifierKey(log.verifierKey))
  const source = logReader(log)
  for (const path of logFiles(size)) {
    const text = formatLogPath(path)
    const bytes = await source(text)
    if (bytes === undefined) throw new RangeError(`the log has no ${text}`)
    await mkdir(dirname(join(folder, text)), { recursive: true })
    await replace(join(folder, text), bytes)
  }
  await mkdir(folder, { recursive: true })
  await replace(join(folder, 'checkpoint'), Buffer.from(checkpoint))
  return size
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, bytes)
  await rename(`${path}.new`, path)
}

/** The files of a log of `size` entries but its checkpoint: tiles from the lowest level up, and bundles. */
export function* logFiles(size: number): Generator<LogPath> {
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
    for (let index = 0; index * TILE_WIDTH < count; index++) {
      const width = Math.min(TILE_WIDTH, count - index * TILE_WIDTH)
      yield { kind: 'tile', level, index, width }
      if (level === 0) yield { kind: 'entries', index, width }
    }
  }
}
