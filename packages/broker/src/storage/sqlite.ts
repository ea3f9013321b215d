import { join } from 'node:path'
import { StorageError } from './errors.ts'
import { lockFolder } from './folder-lock.ts'
import { migrate } from './migrate.ts'
import { checkNotice, Listeners } from './notices.ts'
import type { Database, NoticeListener, Row, Sql, SqlValue } from './sql.ts'
import { SqliteConnection } from './sqlite-connection.ts'
import { type UnitLimits, UnitQueue, type Writer } from './units.ts'

/** Opens the embedded database of a folder; see `openDatabase`. */
export async function openSqlite(folder: string, limits: UnitLimits): Promise<Database> {
  const unlock = lockFolder(folder)
  const open: SqliteConnection[] = []
  try {
    const path = join(folder, 'sekisho.db')
    const connection = new SqliteConnection(path)
    open.push(connection)
    // FULL: a commit returns when the write-ahead log is on disk (sqlite.org/pragma.html, synchronous).
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON', 'trusted_schema = OFF']) {
      connection.all(`PRAGMA ${pragma}`)
    }
    const writer = new SqliteWriter(connection)
    await inTransaction(writer, () => migrate(writer, 'sqlite'))
    // A connection of its own sees what is committed, whatever the writer is in the middle of.
    const reader = new SqliteConnection(path)
    open.push(reader)
    reader.all('PRAGMA query_only = ON')
    return new SqliteDatabase(writer, reader, limits, () => closeAll(open, unlock))
  } catch (error) {
    closeAll(open, unlock)
    throw error
  }
}

async function inTransaction(writer: Writer, work: () => Promise<unknown>): Promise<void> {
  await writer.begin()
  try {
    await work()
    await writer.commit()
  } catch (error) {
    // Closing would not end it: libsql keeps a connection as long as a statement of it is not collected.
    await writer.rollback()
    throw error
  }
}

function closeAll(connections: readonly SqliteConnection[], unlock: () => void): void {
  for (const connection of connections) connection.close()
  unlock()
}

class SqliteDatabase implements Database {
  readonly kind = 'sqlite'
  readonly #reader: SqliteConnection
  readonly #queue: UnitQueue
  readonly #listeners = new Listeners()
  readonly #release: () => void
  #closing: Promise<void> | undefined

  constructor(writer: Writer, reader: SqliteConnection, limits: UnitLimits, release: () => void) {
    this.#reader = reader
    this.#queue = new UnitQueue(writer, limits)
    this.#release = release
  }

  async all<T extends Row>(text: string, params?: readonly SqlValue[]): Promise<readonly T[]> {
    this.#check()
    return this.#reader.all<T>(text, params)
  }

  run(text: string, params?: readonly SqlValue[]): Promise<number> {
    return this.transaction((sql) => sql.run(text, params))
  }

  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#queue.add(work)
  }

  writing(): Promise<void> {
    return this.#queue.health.check((work) => this.#queue.add(work))
  }

  async notify(channel: string, payload: string): Promise<void> {
    this.#check()
    checkNotice(channel, payload)
    // Later, as from another process: no listener runs inside the caller's call.
    setImmediate(() => this.#listeners.deliver(channel, payload))
  }

  listen(channel: string, on: NoticeListener, onGap?: () => void): () => void {
    return this.#listeners.add(channel, on, onGap)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#queue.close()
    this.#listeners.clear()
    this.#release()
  }

  #check(): void {
    if (this.#closing !== undefined) throw new StorageError('closed', 'the database was closed')
  }
}

/** The one connection that writes. */
class SqliteWriter implements Writer {
  readonly #connection: SqliteConnection
  #lastError: unknown

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  async begin(): Promise<void> {
    this.#connection.exec('BEGIN IMMEDIATE')
  }

  async savepoint(): Promise<void> {
    this.#connection.exec('SAVEPOINT unit')
  }

  async release(): Promise<void> {
    this.#connection.exec('RELEASE unit')
  }

  async rollbackToSavepoint(): Promise<void> {
    // A full or failing disk makes SQLite end the whole transaction by itself.
    if (!this.#connection.inTransaction) throw this.#lastError ?? new StorageError('io', 'the transaction was lost')
    this.#connection.exec('ROLLBACK TO unit; RELEASE unit')
  }

  async commit(): Promise<void> {
    await this.#connection.commit()
  }

  async rollback(): Promise<void> {
    if (!this.#connection.inTransaction) return
    try {
      this.#connection.exec('ROLLBACK')
    } catch (error) {
      this.#lastError = error
    }
  }

  async all<T extends Row>(text: string, params?: readonly SqlValue[]): Promise<readonly T[]> {
    return this.#noting(() => this.#connection.all<T>(text, params))
  }

  async run(text: string, params?: readonly SqlValue[]): Promise<number> {
    return this.#noting(() => this.#connection.run(text, params))
  }

  #noting<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      this.#lastError = error
      throw error
    }
  }
}
