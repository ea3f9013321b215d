import type pg from 'pg'
import type { Listeners } from './notices.ts'
import { createClient, type PostgresPlace, postgresError, postgresSettings } from './postgres-session.ts'
import { SCHEMA_QUERY, type SchemaWatch } from './schema-watch.ts'

/** All channels of ours share one of PostgreSQL's: so listening needs no word with the server. */
export const POSTGRES_CHANNEL = 'sekisho'

/** What a process sends that has changed the schema. */
export const SCHEMA_NOTICE = 'schema\n'

const FIRST_PAUSE_MS = 100
const LAST_PAUSE_MS = 2_000
const HEARTBEAT_MS = 5_000

/**
 * Receives notices on a connection of its own, which is opened again whenever it breaks; and looks at the schema there:
 * when a notice says that it changed, and every few seconds.
 */
export class PostgresNotices {
  readonly #place: PostgresPlace
  readonly #listeners: Listeners
  readonly #watch: SchemaWatch
  #client: pg.Client | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(place: PostgresPlace, listeners: Listeners, watch: SchemaWatch) {
    this.#place = place
    this.#listeners = listeners
    this.#watch = watch
  }

  /** Resolves when notices arrive. @throws StorageError */
  async open(): Promise<void> {
    const client = createClient({ ...postgresSettings(this.#place, 'read'), query_timeout: HEARTBEAT_MS })
    let up = false
    const lost = (): void => {
      if (this.#client !== client) return
      this.#client = undefined
      clearInterval(this.#heartbeat)
      client.end().catch(() => undefined)
      if (up && !this.#closed) this.#reopen(FIRST_PAUSE_MS)
    }
    client.on('error', lost)
    client.on('end', lost)
    const look = async (): Promise<void> => {
      this.#watch.see((await client.query<{ version: number | null }>(SCHEMA_QUERY)).rows)
    }
    client.on('notification', ({ payload = '' }) => {
      if (payload === SCHEMA_NOTICE) look().catch(lost)
      else this.#deliver(payload)
    })
    this.#client = client
    try {
      await client.connect()
      await client.query(`LISTEN ${POSTGRES_CHANNEL}`)
      // What was noticed before is not told again.
      await look()
    } catch (error) {
      lost()
      throw postgresError(error)
    }
    up = true
    // A network that swallows packets breaks no connection: only asking finds it out.
    this.#heartbeat = setInterval(() => {
      look().catch(lost)
    }, HEARTBEAT_MS).unref()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    clearInterval(this.#heartbeat)
    const client = this.#client
    this.#client = undefined
    await client?.end()
  }

  #deliver(message: string): void {
    const border = message.indexOf('\n')
    if (border > 0) this.#listeners.deliver(message.slice(0, border), message.slice(border + 1))
  }

  #reopen(pause: number): void {
    this.#retry = setTimeout(() => {
      this.open().then(
        () => (this.#closed ? this.close() : this.#listeners.gap()),
        () => {
          if (!this.#closed) this.#reopen(Math.min(2 * pause, LAST_PAUSE_MS))
        },
      )
    }, pause).unref()
  }
}
