import type { Database } from './sql.ts'
import { openSqlite } from './sqlite.ts'
import { UNIT_LIMITS, type UnitLimits } from './units.ts'

/** Where the data is. */
export type DatabaseLocation =
  /** A folder of this machine for the embedded SQLite; created when it is not there. One process at a time. */
  | { readonly folder: string }
  /** `postgres://…`: a PostgreSQL that any number of processes may share. */
  | { readonly url: string }

/** Where the data is, and how much may wait. */
export type DatabaseOptions = DatabaseLocation & {
  /** Default {@link UNIT_LIMITS}. */
  readonly limits?: Partial<UnitLimits>
  /** Milliseconds to wait for a PostgreSQL that is not up yet; default 10,000. */
  readonly patienceMs?: number
  /** Milliseconds to wait for another process that brings the schema of a PostgreSQL up to date; default ten minutes. */
  readonly migrationMs?: number
  /** Told now and then that another process is waited for, and for how long. */
  readonly onWait?: (reason: string) => void
}

const PATIENCE_MS = 10_000
const MIGRATION_MS = 600_000

/**
 * Opens the storage and brings its schema up to date. What a transaction resolved with is on disk:
 * SQLite runs with a write-ahead log and `synchronous = FULL`, PostgreSQL with `synchronous_commit`
 * at least `on`.
 *
 * @throws StorageError `locked` (another process has the folder), `newer` (written by a newer
 *   program), `unavailable`, `busy` (another process holds a PostgreSQL for too long), `permission`, `corrupt`, `io`, `full`; TypeError for a URL that is none
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const limits = { ...UNIT_LIMITS, ...options.limits }
  if ('url' in options) {
    // Its client is loaded by those who use it.
    const { openPostgres } = await import('./postgres.ts')
    return await openPostgres(options.url, limits, {
      serverMs: options.patienceMs ?? PATIENCE_MS,
      migrationMs: options.migrationMs ?? MIGRATION_MS,
      onWait: options.onWait,
    })
  }
  return await openSqlite(options.folder, limits)
}
