import { newerSchema } from './migrate.ts'
import { MIGRATIONS } from './schema.ts'

/** Gives `version`, the schema that a database has. */
export const SCHEMA_QUERY = 'SELECT MAX(version) AS version FROM schema_versions'

/**
 * Watches the schema of a database that processes of several versions may share: a newer one may change it at any time,
 * and whoever does not know it would misread rows, or write rows that the newer one misreads. Once a newer schema was
 * seen, it stays so.
 */
export class SchemaWatch {
  readonly #known: number
  #seen: number | undefined

  constructor(known: number = MIGRATIONS.at(-1)?.version ?? 0) {
    this.#known = known
  }

  /** Takes the version that the database has now, as {@link SCHEMA_QUERY} gives it. */
  see(rows: readonly { readonly version: number | null }[]): void {
    const present = rows[0]?.version ?? 0
    if (present > this.#known) this.#seen = present
  }

  /** @throws StorageError `newer` once the database has a schema that this program does not know */
  check(): void {
    if (this.#seen !== undefined) throw newerSchema(this.#seen, this.#known)
  }
}
