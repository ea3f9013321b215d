import Libsql from 'libsql'
import { StorageError, type StorageErrorCode } from './errors.ts'
import type { Row, SqlValue } from './sql.ts'
import { BoundedCache, checkParameters, splitAtParameters } from './statements.ts'

const STATEMENTS = 256

interface Prepared {
  readonly statement: Libsql.Statement
  readonly parameters: number
  /** Of a query for one row: libsql reads one in half the time that it takes to make a list. */
  readonly single: boolean
}

/** How the asynchronous class of libsql runs statements; it works on the same connection, but prepares and reads slower. */
type ExecBeside = (this: Libsql.Database, text: string) => Promise<void>

/** A server is up by then: loading the class takes as long as a dozen commits, and its first commits hold nobody up. */
const LOADED_AFTER_MS = 2000
let execBeside: ExecBeside | undefined
let isToBeLoaded = false

function loadSoon(): void {
  if (isToBeLoaded) return
  isToBeLoaded = true
  setTimeout(async () => {
    try {
      const { default: LibsqlAsync } = await import('libsql/promise')
      execBeside = LibsqlAsync.prototype.exec
    } catch {
      // For want of a file handle, say: commits are as safe without it, and a later one has it loaded.
      isToBeLoaded = false
    }
  }, LOADED_AFTER_MS).unref()
}

/** One connection to a SQLite file. All it does blocks, but {@link commit}; its errors are {@link StorageError}s. */
export class SqliteConnection {
  readonly #db: Libsql.Database
  readonly #statements = new BoundedCache<Prepared>(STATEMENTS)
  readonly #prepare: (text: string) => Prepared

  /** @throws StorageError */
  constructor(path: string) {
    this.#db = translated(() => new Libsql(path, { timeout: 1000 }))
    this.#prepare = (text) => ({
      statement: this.#db.prepare(text),
      parameters: splitAtParameters(text).length - 1,
      single: /\bLIMIT 1$/.test(text),
    })
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction
  }

  /** Runs statements without parameters or results. */
  exec(text: string): void {
    translated(() => this.#db.exec(text))
  }

  /**
   * Commits beside the event loop, once a process has run for a while: flushing a disk takes milliseconds, in which
   * requests are read and evidence is verified. Until it resolves, nothing else may be asked of this connection.
   */
  async commit(): Promise<void> {
    if (execBeside === undefined) {
      loadSoon()
      this.exec('COMMIT')
      return
    }
    try {
      await execBeside.call(this.#db, 'COMMIT')
    } catch (error) {
      throw sqliteError(error)
    }
  }

  all<T extends Row>(text: string, params: readonly SqlValue[] = []): readonly T[] {
    return translated(() => {
      const { statement, parameters, single } = this.#statements.get(text, this.#prepare)
      checkParameters(parameters, params)
      const values = params.map(toSqlite)
      const rows = single ? oneRow(statement.get(values)) : statement.all(values)
      for (const row of rows) normalise(row as Record<string, unknown>)
      return rows as readonly T[]
    })
  }

  run(text: string, params: readonly SqlValue[] = []): number {
    return translated(() => {
      const { statement, parameters } = this.#statements.get(text, this.#prepare)
      checkParameters(parameters, params)
      return statement.run(params.map(toSqlite)).changes
    })
  }

  close(): void {
    this.#statements.clear()
    this.#db.close()
  }
}

// libsql binds every JavaScript number as a floating-point value, and bigints as integers.
function toSqlite(value: SqlValue): SqlValue {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
}

function oneRow(found: unknown): readonly unknown[] {
  if (found === undefined) return []
  // libsql puts the time that it took among the columns.
  const { _metadata, ...row } = found as Record<string, unknown>
  return [row]
}

// libsql gives blobs as ArrayBuffer, and those of one row as Buffer.
function normalise(row: Record<string, unknown>): void {
  for (const name in row) {
    const value = row[name]
    if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value)
    else if (value instanceof Buffer) row[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
}

function translated<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw error instanceof StorageError ? error : sqliteError(error)
  }
}

// Result codes: sqlite.org/rescode.html. The extended codes begin with the name of their class.
const CODES: readonly (readonly [name: string, code: StorageErrorCode, message: string])[] = [
  ['SQLITE_FULL', 'full', 'the disk of the database is full'],
  ['SQLITE_BUSY', 'busy', 'the database is held by someone else'],
  ['SQLITE_LOCKED', 'busy', 'the database is held by someone else'],
  ['SQLITE_CONSTRAINT', 'constraint', 'a rule of the table is broken'],
  ['SQLITE_READONLY', 'permission', 'the database may not be written'],
  ['SQLITE_PERM', 'permission', 'the database refuses this user'],
  ['SQLITE_CANTOPEN', 'permission', 'the database file cannot be opened'],
  ['SQLITE_AUTH', 'permission', 'the database refuses this user'],
  ['SQLITE_CORRUPT', 'corrupt', 'the database file is damaged'],
  ['SQLITE_NOTADB', 'corrupt', 'the database file is no SQLite database'],
  ['SQLITE_IOERR', 'io', 'the disk of the database fails'],
  ['SQLITE_TOOBIG', 'usage', 'a value is too large for the database'],
]

function sqliteError(error: unknown): StorageError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = CODES.find(([name]) => code.startsWith(name))
  const detail = error instanceof Error ? error.message : String(error)
  if (known === undefined) return new StorageError('usage', `the statement failed: ${detail}`, error)
  return new StorageError(known[1], `${known[2]}: ${detail}`, error)
}
