import { readSetting, writeSetting } from '../storage/settings.ts'
import type { Database } from '../storage/sql.ts'

const NOTED = 'issuer'

/**
 * Notes under which name a process signs results. A process accepts those under its own alone.
 *
 * @returns the name that the process signs under which started last on this database, where it is another
 */
export async function noteIssuer(db: Database, issuer: string): Promise<string | undefined> {
  const before = await readSetting(db, NOTED)
  if (before === issuer) return undefined
  await db.transaction((sql) => writeSetting(sql, NOTED, issuer))
  return before
}
