import type { Sql } from './sql.ts'

/** The value of a setting; undefined when there is none of that name. */
export async function readSetting(sql: Pick<Sql, 'all'>, name: string): Promise<string | undefined> {
  const [row] = await sql.all<{ value: string }>('SELECT value FROM settings WHERE name = ? LIMIT 1', [name])
  return row?.value
}

/** Writes a setting, in the place of the one of its name. */
export async function writeSetting(sql: Pick<Sql, 'run'>, name: string, value: string): Promise<void> {
  await sql.run(
    'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [name, value],
  )
}

/** Removes a setting, if there is one of that name. */
export async function removeSetting(sql: Pick<Sql, 'run'>, name: string): Promise<void> {
  await sql.run('DELETE FROM settings WHERE name = ?', [name])
}
