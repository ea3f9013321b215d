import type { Database, Sql } from '../storage/sql.ts'
import { isSecret, newSecretText, secretHash } from './secret-text.ts'
import type { AccessTokens, CreatedToken } from './tokens.ts'

/** The secret of the link that opens a new server once. */
export interface SetupLink {
  /** 43 characters, for the fragment or the body of a request; never for a query that is logged. */
  readonly secret: string
  readonly expires: Date
}

const NAME = 'setup-link'
const LIFE_MS = 30 * 60_000
const FIRST_TOKEN_MS = 365 * 24 * 3600 * 1000

/**
 * Makes the one-time link of the first start: valid for 30 minutes, in place of any made before.
 * Undefined when somebody has been let in already: there is a token, used or not.
 *
 * @throws StorageError
 */
export async function createSetupLink(db: Database, at: Date): Promise<SetupLink | undefined> {
  const secret = newSecretText()
  const expires = new Date(at.getTime() + LIFE_MS)
  const value = JSON.stringify({ hash: Buffer.from(secretHash(secret)).toString('hex'), expires: expires.getTime() })
  return await db.transaction(async (sql) => {
    if (await isSetUp(sql)) return undefined
    await sql.run(
      'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      [NAME, value],
    )
    return { secret, expires }
  })
}

/**
 * Redeems the link: once, in time, and only while nobody else was let in. Gives a token with
 * `admin` in all namespaces; undefined for a secret that is not the link's, or no longer.
 *
 * @throws StorageError
 */
export async function redeemSetupLink(
  db: Database,
  tokens: AccessTokens,
  secret: string,
  at: Date,
): Promise<CreatedToken | undefined> {
  return await db.transaction(async (sql) => {
    const [row] = await sql.all<{ value: string }>('SELECT value FROM settings WHERE name = ?', [NAME])
    if (row === undefined || (await isSetUp(sql))) return undefined
    const { hash, expires } = JSON.parse(row.value) as { readonly hash: string; readonly expires: number }
    if (!isSecret(secret, Buffer.from(hash, 'hex')) || at.getTime() >= expires) return undefined
    // Whoever deletes the row has it: of two that come together, one.
    if ((await sql.run('DELETE FROM settings WHERE name = ? AND value = ?', [NAME, row.value])) === 0) return undefined
    const life = new Date(at.getTime() + FIRST_TOKEN_MS)
    return await tokens.create(sql, { namespace: '*', name: 'first start', scopes: ['admin'], expires: life, at })
  })
}

async function isSetUp(sql: Sql): Promise<boolean> {
  return (await sql.all('SELECT id FROM api_tokens LIMIT 1')).length > 0
}
