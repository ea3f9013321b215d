import { Socket } from 'node:net'
import pg from 'pg'
import { DatabaseBusyError, StorageError, type StorageErrorCode } from './errors.ts'
import type { Row, SqlValue } from './sql.ts'
import { BoundedCache, checkParameters, splitAtParameters } from './statements.ts'

/** Milliseconds: how long a server may take to answer, and to run one statement. */
const CONNECT_MS = 5_000
const STATEMENT_MS = 8_000
const ANSWER_MS = 15_000

/** Where a database is, and the sockets to it that are open. */
export interface PostgresPlace {
  readonly url: string
  readonly sockets: Set<Socket>
}

/** Settings of every connection. A transaction that its process left open ends by itself. */
export function postgresSettings({ url, sockets }: PostgresPlace, role: 'write' | 'read'): pg.ClientConfig {
  if (!/^postgres(ql)?:\/\//.test(url)) throw new TypeError('the URL of the database does not begin with postgres://')
  return {
    connectionString: url,
    application_name: 'sekisho',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: ANSWER_MS,
    keepAlive: true,
    stream: () => {
      const socket = new Socket()
      sockets.add(socket)
      return socket.once('close', () => sockets.delete(socket))
    },
    types: { getTypeParser },
    ...(role === 'read' ? { options: '-c default_transaction_read_only=on' } : {}),
  }
}

type Parser = (text: string) => unknown

// Types by their numbers in pg_type: what comes out of them is what SQLite gives.
const BOOL = 16
const INT8 = 20
const NUMERIC = 1700

const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (oid: number, format?: string): Parser => {
  switch (oid) {
    case INT8:
    case NUMERIC:
      return toNumber
    case BOOL:
      return (text) => (text === 't' ? 1 : 0)
    default:
      return pg.types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text') as Parser
  }
}

function toNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new StorageError('corrupt', 'a number is too large')
  return value
}

const PREPARED = 256

interface Translated {
  readonly text: string
  readonly parameters: number
  /** Statements with a name stay prepared for the life of a connection: so there are not too many. */
  readonly name: string | undefined
}

/** Statements with `?` in PostgreSQL's own form. */
export class PostgresStatements {
  readonly #translated = new BoundedCache<Translated>(4 * PREPARED)
  #named = 0

  /** @throws StorageError `usage` when the values do not fit the parameters */
  query(text: string, params: readonly SqlValue[]): pg.QueryConfig {
    const { text: translated, parameters, name } = this.#translated.get(text, (key) => this.#translate(key))
    checkParameters(parameters, params)
    return { text: translated, values: [...params], ...(name === undefined ? {} : { name }) }
  }

  #translate(text: string): Translated {
    const parts = splitAtParameters(text)
    const translated = parts.reduce((before, part, i) => `${before}$${i}${part}`)
    const name = this.#named < PREPARED ? `sekisho_${this.#named++}` : undefined
    return { text: translated, parameters: parts.length - 1, name }
  }
}

/** One connection that is given up for good at the first sign that it is broken. */
export class PostgresSession {
  readonly #client: pg.Client
  readonly #statements: PostgresStatements
  #lost = false

  private constructor(client: pg.Client, statements: PostgresStatements) {
    this.#client = client
    this.#statements = statements
    client.on('error', () => this.#giveUp())
    client.on('end', () => this.#giveUp())
  }

  /** @throws StorageError */
  static async open(place: PostgresPlace, statements: PostgresStatements, lockMs: number): Promise<PostgresSession> {
    const session = new PostgresSession(
      createClient({ ...postgresSettings(place, 'write'), lock_timeout: lockMs }),
      statements,
    )
    try {
      await session.#client.connect()
    } catch (error) {
      session.#giveUp()
      throw postgresError(error)
    }
    return session
  }

  get lost(): boolean {
    return this.#lost
  }

  /** Several statements without parameters, or one. @returns what came of the last */
  async exec<T extends Row>(text: string): Promise<pg.QueryResult<T> | undefined> {
    const results: pg.QueryResult<T> | readonly pg.QueryResult<T>[] = await this.#guard(() =>
      this.#client.query<T>(text),
    )
    return Array.isArray(results) ? results.at(-1) : results
  }

  async all<T extends Row>(text: string, params: readonly SqlValue[]): Promise<readonly T[]> {
    return (await this.#query(text, params)).rows
  }

  async run(text: string, params: readonly SqlValue[]): Promise<number> {
    return (await this.#query(text, params)).rowCount ?? 0
  }

  async end(): Promise<void> {
    if (!this.#lost) await this.#client.end()
  }

  #query(text: string, params: readonly SqlValue[]): Promise<pg.QueryResult> {
    const query = this.#statements.query(text, params)
    return this.#guard(() => this.#client.query(query))
  }

  async #guard<T>(query: () => Promise<T>): Promise<T> {
    if (this.#lost) throw new StorageError('unavailable', 'the connection to the database was lost')
    try {
      return await query()
    } catch (error) {
      const translated = postgresError(error)
      if (translated.code === 'unavailable') this.#giveUp()
      throw translated
    }
  }

  #giveUp(): void {
    if (this.#lost) return
    this.#lost = true
    // Whatever ending a broken connection says, it is over.
    this.#client.end().catch(() => undefined)
  }
}

/** @throws TypeError for a URL that cannot be read; the message does not hold it, it has a password in it */
export function createClient(settings: pg.ClientConfig): pg.Client {
  try {
    return new pg.Client(settings)
  } catch {
    throw new TypeError('the URL of the database cannot be read')
  }
}

// SQLSTATE: postgresql.org/docs, appendix A; whole codes before their classes.
const CODES: readonly (readonly [state: string, code: StorageErrorCode, message: string])[] = [
  ['53100', 'full', 'the disk of the database server is full'],
  ['53', 'unavailable', 'the database server has no room for this connection'],
  ['55P03', 'busy', 'another process holds the database for too long'],
  ['40', 'busy', 'another process was in the way'],
  ['57014', 'timeout', 'the statement took too long'],
  ['57P', 'unavailable', 'the database server is starting up or shutting down'],
  ['25P03', 'unavailable', 'the transaction was left open for too long'],
  ['08', 'unavailable', 'the connection to the database broke'],
  // Also a plan that a change of the schema left behind: both are mended by another connection.
  ['0A000', 'unavailable', 'the database server does not take this, as one that follows another does not'],
  ['22', 'usage', 'a value does not fit its column'],
  ['23', 'constraint', 'a rule of the table is broken'],
  ['28', 'permission', 'the database server refuses this user'],
  ['3D', 'permission', 'the database does not exist'],
  ['42501', 'permission', 'the database server refuses this user that statement'],
  ['25006', 'usage', 'a query outside a transaction may not change anything'],
  ['58', 'io', 'the disk of the database server fails'],
  ['XX001', 'corrupt', 'the database is damaged'],
  ['XX002', 'corrupt', 'an index of the database is damaged'],
]

/** What an error of `pg` means. Only a server's error has a SQLSTATE; any other means that the connection is gone. */
export function postgresError(error: unknown): StorageError {
  if (error instanceof StorageError) return error
  if (!(error instanceof pg.DatabaseError)) {
    return new StorageError('unavailable', `the database server cannot be reached: ${reasonOf(error)}`, error)
  }
  // The server's error is not kept as the cause: its details quote the values of the row.
  const state = error.code ?? ''
  const known = CODES.find(([prefix]) => state.startsWith(prefix))
  if (known === undefined) return new StorageError('usage', `the statement failed (${state}): ${error.message}`)
  const [prefix, code, message] = known
  if (code === 'busy') return new DatabaseBusyError(message)
  return new StorageError(code, prefix === '22' ? `${message} (${state})` : `${message} (${state}): ${error.message}`)
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  if (!(error instanceof Error)) return String(error)
  return error.message
}
