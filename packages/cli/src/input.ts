import { access, constants, mkdir, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Around, collect } from './around.ts'
import { type CliError, unreadable } from './exit.ts'

/** Longest file that a command reads, in bytes. */
export const MAX_FILE = 10_000_000

/**
 * Reads a file, or standard input for `-`.
 *
 * @throws CliError (unreadable) in words: missing, a folder, not permitted, too large
 */
export async function readInput(path: string, around: Around, limit: number = MAX_FILE): Promise<Uint8Array> {
  return path === '-' ? around.stdin(limit) : readBounded(path, limit)
}

/** Reads a file, whatever kind it is of. @throws CliError (unreadable) as {@link readInput} */
export async function readBounded(path: string, limit: number): Promise<Uint8Array> {
  try {
    return await readFileBounded(path, limit)
  } catch (error) {
    throw inWords(path, error)
  }
}

async function readFileBounded(path: string, limit: number): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const stat = await file.stat()
    if (stat.isDirectory()) throw unreadable(`${path}: this is a folder, not a file`)
    if (stat.size > limit) throw unreadable(`${path}: ${stat.size} bytes; at most ${limit} are read`)
    // Of a pipe there is one reading: who opened it again would wait for somebody to write again.
    if (!stat.isFile() || stat.size === 0)
      return await collect(file.createReadStream({ autoClose: false }), limit, path)
    return new Uint8Array(await file.readFile())
  } finally {
    await file.close()
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file: a part of the path is not a folder',
  EACCES: 'not permitted to read this',
  EPERM: 'not permitted to read this',
  EISDIR: 'this is a folder, not a file',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
}

/** An error of the file system as a CliError in words; others as they are. */
export function inWords(path: string, error: unknown): unknown {
  const code = errorCode(error)
  if (code === undefined) return error
  return unreadable(`${path}: ${WORDS[code] ?? `cannot be read (${code})`}`, error)
}

/** An error in reading a folder in words. @param expected what the folder would hold */
export async function folderInWords(path: string, error: unknown, expected: string): Promise<unknown> {
  if (errorCode(error) !== 'ENOTDIR') return inWords(path, error)
  const found = await stat(path).catch(() => undefined)
  return found === undefined
    ? inWords(path, error)
    : unreadable(`${path}: this is a file; expected a folder: ${expected}`, error)
}

const WRITE_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder to write to',
  ENOTDIR: 'a part of the path is not a folder',
  EACCES: 'not permitted to write this',
  EPERM: 'not permitted to write this',
  EROFS: 'the file system is read-only',
  EISDIR: 'this is a folder, not a file',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'the file may not grow so large',
}

/** The same of an error in writing. */
export function unwritable(path: string, error: unknown): CliError {
  const code = errorCode(error) ?? 'unknown reason'
  return unreadable(`${path}: cannot be written: ${WRITE_WORDS[code] ?? code}`, error)
}

/**
 * Makes a folder and those above it, as far as they are missing.
 *
 * @param mode of those that are made
 * @throws the error of the file system
 */
export async function makeFolder(folder: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode })
  } catch (error) {
    // Node.js says ENOENT of a file system that may only be read.
    if (errorCode(error) === 'ENOENT') await access(await existing(folder), constants.W_OK)
    throw error
  }
}

/** The nearest of the folders above that there is. */
async function existing(folder: string): Promise<string> {
  const above = dirname(resolve(folder))
  const isThere = await access(above).then(
    () => true,
    () => false,
  )
  return isThere || above === dirname(above) ? above : existing(above)
}

/** The code of a Node.js system error; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && 'syscall' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}
