import pg from 'pg'
import { StorageError } from './errors.ts'
import { migrate } from './migrate.ts'
import { checkNotice, Listeners } from './notices.ts'
import { POSTGRES_CHANNEL, PostgresNotices, SCHEMA_NOTICE } from './postgres-notices.ts'
import {
  type PostgresPlace,
  PostgresSession,
  PostgresStatements,
  postgresError,
  postgresSettings,
} from './postgres-session.ts'
import { SCHEMA_QUERY, SchemaWatch } from './schema-watch.ts'
import type { Database, NoticeListener, Row, Sql, SqlValue } from './sql.ts'
import { type UnitLimits, UnitQueue, type Writer } from './units.ts'

const READERS = 4
const RETRY_MS = 200
/** A server that is there takes leave at once. */
const LEAVE_MS = 1000

/** How long is waited for what, and who is told. Milliseconds. */
export interface OpeningPatience {
  /** For a server that is not up yet. */
  readonly serverMs: number
  /** For another process that brings the schema up to date: it holds the lock for as long as it lives. */
  readonly migrationMs: number
  readonly onWait?: ((reason: string) => void) | undefined
}

/** Opens a PostgreSQL, with patience; see `openDatabase`. */
export async function openPostgres(url: string, limits: UnitLimits, patience: OpeningPatience): Promise<Database> {
  const start = performance.now()
  for (;;) {
    try {
      return await openOnce(url, limits)
    } catch (error) {
      const code = error instanceof StorageError ? error.code : undefined
      const waited = performance.now() - start
      const most = code === 'unavailable' ? patience.serverMs : code === 'busy' ? patience.migrationMs : 0
      if (waited >= most) throw error
      if (code === 'busy')
        patience.onWait?.(
          `another process holds the database, perhaps to bring its schema up to date: waiting for it since ${Math.round(waited / 1000)} s`,
        )
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function openOnce(url: string, limits: UnitLimits): Promise<Database> {
  const statements = new PostgresStatements()
  const watch = new SchemaWatch()
  const place: PostgresPlace = { url, sockets: new Set() }
  const writer = new PostgresWriter(place, statements, limits.lockMs, watch)
  const listeners = new Listeners()
  const notices = new PostgresNotices(place, listeners, watch)
  try {
    await writer.beginMigration()
    if (await migrate(writer, 'postgres')) await writer.all('SELECT pg_notify(?, ?)', [POSTGRES_CHANNEL, SCHEMA_NOTICE])
    await writer.commit()
    await notices.open()
  } catch (error) {
    await writer.rollback()
    await writer.end()
    await notices.close()
    throw error
  }
  return new PostgresDatabase(place, statements, writer, listeners, notices, watch, limits)
}

class PostgresDatabase implements Database {
  readonly kind = 'postgres'
  readonly #place: PostgresPlace
  readonly #statements: PostgresStatements
  readonly #readers: pg.Pool
  readonly #connectMs: number
  readonly #writer: PostgresWriter
  readonly #queue: UnitQueue
  readonly #listeners: Listeners
  readonly #notices: PostgresNotices
  readonly #watch: SchemaWatch
  #closing: Promise<void> | undefined

  constructor(
    place: PostgresPlace,
    statements: PostgresStatements,
    writer: PostgresWriter,
    listeners: Listeners,
    notices: PostgresNotices,
    watch: SchemaWatch,
    limits: UnitLimits,
  ) {
    this.#place = place
    this.#statements = statements
    this.#writer = writer
    this.#queue = new UnitQueue(writer, limits)
    this.#listeners = listeners
    this.#notices = notices
    this.#watch = watch
    this.#readers = new pg.Pool({
      ...postgresSettings(place, 'read'),
      max: READERS,
      connectionTimeoutMillis: limits.connectMs,
    })
    this.#connectMs = limits.connectMs
    // An idle connection that breaks is replaced by the pool; who uses one is told by the query.
    this.#readers.on('error', () => undefined)
  }

  async all<T extends Row>(text: string, params: readonly SqlValue[] = []): Promise<readonly T[]> {
    this.#check()
    const query = this.#statements.query(text, params)
    return (await this.#read<T>(query)).rows
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
    await this.#read({ text: 'SELECT pg_notify($1, $2)', values: [POSTGRES_CHANNEL, `${channel}\n${payload}`] })
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
    // A server that is silent never takes leave, and an open socket keeps the process.
    const cut = setTimeout(() => {
      for (const socket of this.#place.sockets) socket.destroy()
    }, LEAVE_MS)
    await Promise.all([this.#notices.close(), this.#readers.end(), this.#writer.end()]).finally(() => clearTimeout(cut))
  }

  #check(): void {
    if (this.#closing !== undefined) throw new StorageError('closed', 'the database was closed')
    this.#watch.check()
  }

  // A connection of the pool may have broken while it was idle: a query that changes nothing is asked again. But one
  // that had to wait would only wait again.
  async #read<T extends Row>(query: pg.QueryConfig): Promise<pg.QueryResult<T>> {
    const end = performance.now() + this.#connectMs
    for (let again = READERS; ; again--) {
      try {
        return await this.#readers.query<T>(query)
      } catch (error) {
        const translated = postgresError(error)
        if (translated.code !== 'unavailable' || again === 0 || performance.now() >= end) throw translated
      }
    }
  }
}

/**
 * `sekisho` in ASCII: batches of all processes run one after another under this advisory lock. So a
 * transaction here means what it means on SQLite, nothing in one can be undone by a race with
 * another, and the log's indexes follow each other.
 */
const WRITER_LOCK = '32481134326802543'

// Read committed: each statement sees all that was committed before the lock was had.
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock(${WRITER_LOCK})`

// A newer process changes the schema under the same lock: a batch has the schema that it saw, to its end.
const BEGIN_KNOWN = `${BEGIN}; ${SCHEMA_QUERY}`

const DURABLE = `SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') IN ('off', 'local')`

/** The one connection of this process that writes; opened again when it broke. */
class PostgresWriter implements Writer {
  readonly #place: PostgresPlace
  readonly #statements: PostgresStatements
  readonly #lockMs: number
  readonly #watch: SchemaWatch
  #session: PostgresSession | undefined
  #savepoint = false

  constructor(place: PostgresPlace, statements: PostgresStatements, lockMs: number, watch: SchemaWatch) {
    this.#place = place
    this.#statements = statements
    this.#lockMs = lockMs
    this.#watch = watch
  }

  /** @throws StorageError; `newer` when the schema has become one that this program does not know */
  async begin(): Promise<void> {
    this.#watch.check()
    this.#watch.see((await this.#begin<{ version: number | null }>(BEGIN_KNOWN))?.rows ?? [])
    this.#watch.check()
  }

  /** As {@link begin}, whatever the schema is. */
  async beginMigration(): Promise<void> {
    await this.#begin(BEGIN)
  }

  async #begin<T extends Row>(text: string): Promise<pg.QueryResult<T> | undefined> {
    this.#savepoint = false
    const known = this.#session?.lost === false ? this.#session : undefined
    try {
      return await (known ?? (await this.#connect())).exec<T>(text)
    } catch (error) {
      // A connection that broke while it was idle is only noticed now, and nothing has happened yet.
      const stale = known !== undefined && error instanceof StorageError && error.code === 'unavailable'
      if (!stale) throw error
      return await (await this.#connect()).exec<T>(text)
    }
  }

  // The end of one unit and the beginning of the next are one message.
  async savepoint(): Promise<void> {
    await this.#held().exec(this.#savepoint ? 'RELEASE SAVEPOINT unit; SAVEPOINT unit' : 'SAVEPOINT unit')
    this.#savepoint = true
  }

  async release(): Promise<void> {
    // The next savepoint does it, or the commit.
  }

  async rollbackToSavepoint(): Promise<void> {
    await this.#held().exec('ROLLBACK TO SAVEPOINT unit')
  }

  async commit(): Promise<void> {
    let command: string | undefined
    try {
      command = (await this.#held().exec('COMMIT'))?.command
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'unavailable') throw error
      throw new StorageError(
        'outcome-unknown',
        'the database server went away during the commit: the change may have been kept or not',
        error,
      )
    }
    if (command !== 'COMMIT') throw new StorageError('io', 'the database rolled the transaction back')
  }

  async rollback(): Promise<void> {
    if (this.#session === undefined || this.#session.lost) return
    try {
      await this.#session.exec('ROLLBACK')
    } catch {
      // The next batch begins on a new connection; the server ends the transaction of the old one.
      await this.end()
    }
  }

  async all<T extends Row>(text: string, params: readonly SqlValue[] = []): Promise<readonly T[]> {
    return await this.#held().all<T>(text, params)
  }

  async run(text: string, params: readonly SqlValue[] = []): Promise<number> {
    return await this.#held().run(text, params)
  }

  async end(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.end()
  }

  #held(): PostgresSession {
    if (this.#session === undefined) throw new StorageError('unavailable', 'the connection to the database was lost')
    return this.#session
  }

  async #connect(): Promise<PostgresSession> {
    const session = await PostgresSession.open(this.#place, this.#statements, this.#lockMs)
    await session.exec(DURABLE)
    this.#session = session
    return session
  }
}
