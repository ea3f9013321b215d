import { StorageError } from './errors.ts'
import { dialect, MIGRATIONS } from './schema.ts'
import type { Database, Sql } from './sql.ts'

/**
 * Brings a database to this program's schema. The caller holds a lock and has begun a transaction.
 *
 * @returns whether anything was changed
 * @throws StorageError `newer` when the database was written by a newer version; then nothing was changed
 */
export async function migrate(sql: Sql, kind: Database['kind']): Promise<boolean> {
  await sql.run(
    dialect(kind, 'CREATE TABLE IF NOT EXISTS schema_versions (version {INT} PRIMARY KEY, applied {INT} NOT NULL)'),
  )
  const [row] = await sql.all<{ version: number | null }>('SELECT MAX(version) AS version FROM schema_versions')
  const present = row?.version ?? 0
  const known = MIGRATIONS.at(-1)?.version ?? 0
  if (present > known) throw newerSchema(present, known)
  for (const { version, statements } of MIGRATIONS) {
    if (version <= present) continue
    for (const statement of statements) await sql.run(dialect(kind, statement))
    await sql.run('INSERT INTO schema_versions (version, applied) VALUES (?, ?)', [version, Date.now()])
  }
  return present < known
}

/** What a program says that is older than the database. */
export function newerSchema(present: number, known: number): StorageError {
  return new StorageError(
    'newer',
    `the database has schema ${present}, and this program knows ${known}: it was written by a newer version, use that one`,
  )
}
