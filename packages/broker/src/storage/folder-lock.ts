import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import Libsql from 'libsql'
import { StorageError } from './errors.ts'

/**
 * Takes a folder for this process: creates it (only its owner may enter) and holds an exclusive lock
 * in it. The lock is the kernel's: it goes with the process, however that ends.
 *
 * @returns a function that gives the folder back
 * @throws StorageError `locked` when another process (or another database of this one) has it, `permission`
 */
export function lockFolder(folder: string): () => void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // Created here so that the database, and the files SQLite puts beside it, are nobody else's to read.
    for (const name of ['lock', 'sekisho.db']) createFile(join(folder, name))
  } catch (error) {
    const why = mayOnlyBeRead(folder) ? 'its file system is read-only' : reasonOf(error)
    throw new StorageError('permission', `the folder ${folder} cannot be used: ${why}`, error)
  }
  const owner = join(folder, 'owner')
  let lock: Libsql.Database | undefined
  try {
    lock = new Libsql(join(folder, 'lock'))
    lock.exec('BEGIN EXCLUSIVE')
    writeFileSync(owner, `${process.pid}\n`, { mode: 0o600 })
  } catch (error) {
    lock?.close()
    throw refusal(folder, owner, error)
  }
  const held = lock
  return () => held.close()
}

// Never opens a file that is there: closing it would drop every lock this process has on it (POSIX fcntl).
function createFile(path: string): void {
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error
  }
}

function refusal(folder: string, owner: string, error: unknown): StorageError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'SQLITE_BUSY') {
    const why = mayOnlyBeRead(folder) ? 'its file system is read-only' : reasonOf(error)
    return new StorageError('io', `the folder ${folder} cannot be locked: ${why}`, error)
  }
  let pid = ''
  try {
    pid = ` (process ${Number.parseInt(readFileSync(owner, 'utf8'), 10)})`
  } catch {
    // Only for the message: without the note it names nobody.
    pid = ''
  }
  return new StorageError(
    'locked',
    `the folder ${folder} is in use by another server${pid}: stop that one first, or give this one another folder or a PostgreSQL`,
  )
}

/** Of a folder that is not there, the nearest one above it: Node.js then says ENOENT, whatever the reason. */
function mayOnlyBeRead(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return false
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const above = dirname(resolve(folder))
    return code === 'EROFS' || (code === 'ENOENT' && above !== resolve(folder) && mayOnlyBeRead(above))
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.message
}
