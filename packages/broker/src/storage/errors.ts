/**
 * Why storage did not do what it was asked. Stable: callers may switch on it. Unless a code says
 * otherwise, nothing of the failed call was kept, and the next call is tried afresh.
 *
 * - `busy`: too much is waiting already, or another process holds the database for too long: try again later.
 * - `full`: the disk (or the quota) is full.
 * - `unavailable`: the database server cannot be reached, or went away before the commit was sent.
 * - `outcome-unknown`: the server went away while it committed: the change may have been kept or not.
 * - `timeout`: a transaction's work, or one statement, took longer than allowed and was rolled back.
 * - `constraint`: a key exists already, or a value breaks a rule of the table.
 * - `locked`: another process uses this folder.
 * - `newer`: the database was written by a newer version of this program.
 * - `corrupt`: what is stored cannot be what was written.
 * - `io`: reading or writing the disk failed.
 * - `permission`: the folder, the files or the database refuse this user.
 * - `closed`: the database was closed.
 * - `usage`: a statement the database does not understand, or a call against the rules of this interface.
 */
export type StorageErrorCode =
  | 'busy'
  | 'full'
  | 'unavailable'
  | 'outcome-unknown'
  | 'timeout'
  | 'constraint'
  | 'locked'
  | 'newer'
  | 'corrupt'
  | 'io'
  | 'permission'
  | 'closed'
  | 'usage'

/** Storage did not do what it was asked. The message never holds a value of a row, a URL or a password. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError'
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** More transactions wait than the queue holds. Nothing was done; try again later. */
export class DatabaseBusyError extends StorageError {
  override readonly name = 'DatabaseBusyError'

  constructor(message: string, cause?: unknown) {
    super('busy', message, cause)
  }
}
