import { readSetting, removeSetting, writeSetting } from '../storage/settings.ts'
import type { Database, Sql } from '../storage/sql.ts'
import { isSecret, newSecretText, secretHash } from './secret-text.ts'
import type { AccessTokens, CreatedToken } from './tokens.ts'

/** The secret of a link that opens a new server once. */
export interface SetupLink {
  /** 43 characters, for the fragment or the body of a request; never for a query that is logged. */
  readonly secret: string
  readonly expires: Date
}

const NAME = 'setup-links'
/** Links that wait at once: as many processes as may be started before anybody logs in. The oldest makes room. */
const MAX_LINKS = 16
const LIFE_MS = 30 * 60_000
const TOKEN_SECONDS = 365 * 24 * 3600

/** What tokens are called that a link gave: nobody made them. */
const NAMES = {
  first: { token: 'first start', session: 'first start, in a browser' },
  recovery: { token: 'new setup link', session: 'new setup link, in a browser' },
} as const
const TOKENS: readonly string[] = Object.values(NAMES).map(({ token }) => token)
const SESSIONS: readonly string[] = Object.values(NAMES).map(({ session }) => session)

/** A link as it is kept. */
interface Waiting {
  /** Of its secret, hex. */
  readonly hash: string
  /** Milliseconds since 1970. */
  readonly expires: number
  /** Asked for by whoever starts a server: it opens one whose tokens are lost, too. */
  readonly recovery?: true
}

/** What links are kept with. */
export interface LinkKeeper {
  readonly db: Database
  /** Writes to the log what becomes of a link, in its transaction. */
  record(
    sql: Sql,
    act: { readonly what: string; readonly details: Readonly<Record<string, unknown>> },
  ): Promise<unknown>
}

/**
 * Makes a one-time link of the first start, valid for 30 minutes. Processes that share a database make one each; all of
 * them work, the last 16. Undefined when somebody has been let in and can come again: a token of their own was ever made,
 * or one that such a link gave is good still. Whoever redeemed a link in a browser and made no token is let in by the
 * next start, when the session is over.
 *
 * @throws StorageError
 */
export async function createSetupLink(db: Database, at: Date): Promise<SetupLink | undefined> {
  return await db.transaction(async (sql) => ((await isSetUp(sql, at)) ? undefined : make(sql, at)))
}

/**
 * Makes a one-time link, valid for 30 minutes, whoever was let in before: the way back for an owner whose tokens are
 * lost. Only who has the database and its master key can ask for it, by starting a server; the log has it.
 *
 * @throws StorageError
 */
export async function createRecoveryLink({ db, record }: LinkKeeper, at: Date): Promise<SetupLink> {
  return await db.transaction(async (sql) => {
    const link = await make(sql, at, true)
    await record(sql, { what: 'setup-link-made', details: { expires: link.expires.toISOString() } })
    return link
  })
}

async function make(sql: Sql, at: Date, recovery?: true): Promise<SetupLink> {
  const secret = newSecretText()
  const expires = new Date(at.getTime() + LIFE_MS)
  const link: Waiting = {
    hash: Buffer.from(secretHash(secret)).toString('hex'),
    expires: expires.getTime(),
    ...(recovery === undefined ? {} : { recovery }),
  }
  await keep(sql, [...(await waiting(sql, at)), link].slice(-MAX_LINKS))
  return { secret, expires }
}

/**
 * Redeems a link: once, in time, and, if it is of a first start, while no token was made but by such links. Gives a token
 * with `admin` in all namespaces, which the log has; undefined for a secret that is no link's, or no longer.
 *
 * @param sessionSeconds of a session in a browser, which its token ends with; without, the token is good for a year
 * @throws StorageError
 */
export async function redeemSetupLink(
  { db, tokens, record }: LinkKeeper & { readonly tokens: AccessTokens },
  secret: string,
  at: Date,
  sessionSeconds?: number,
): Promise<CreatedToken | undefined> {
  // Transactions follow each other in all processes: of two that bring one link together, the first finds it.
  return await db.transaction(async (sql) => {
    const all = await waiting(sql, at)
    const links = (await hasOwnTokens(sql)) ? all.filter(({ recovery }) => recovery === true) : all
    // Each is compared, whichever it is.
    const found = links.filter(({ hash }) => isSecret(secret, Buffer.from(hash, 'hex')))
    const [link] = found
    if (link === undefined) return undefined
    await keep(
      sql,
      all.filter((one) => !found.includes(one)),
    )
    const names = link.recovery === true ? NAMES.recovery : NAMES.first
    const name = sessionSeconds === undefined ? names.token : names.session
    const expires = new Date(at.getTime() + (sessionSeconds ?? TOKEN_SECONDS) * 1000)
    const created = await tokens.create(sql, { namespace: '*', name, scopes: ['admin'], expires, at })
    await record(sql, { what: 'setup-link-redeemed', details: { token: created.id, name, scopes: ['admin'] } })
    return created
  })
}

/**
 * Ends the token of a session that a link began, with the session: nobody else has it. Other tokens are let be.
 *
 * @throws StorageError
 */
export async function endSetupSession(db: Database, id: string, at: Date): Promise<void> {
  await db.transaction((sql) =>
    sql.run(`UPDATE api_tokens SET revoked = ? WHERE id = ? AND name IN (${places(SESSIONS)}) AND revoked IS NULL`, [
      at.getTime(),
      id,
      ...SESSIONS,
    ]),
  )
}

/** Links whose time is not over. */
async function waiting(sql: Sql, at: Date): Promise<readonly Waiting[]> {
  // Written by this file alone.
  const links = JSON.parse((await readSetting(sql, NAME)) ?? '[]') as readonly Waiting[]
  return links.filter(({ expires }) => at.getTime() < expires)
}

async function keep(sql: Sql, links: readonly Waiting[]): Promise<void> {
  if (links.length === 0) await removeSetting(sql, NAME)
  else await writeSetting(sql, NAME, JSON.stringify(links))
}

/** Whether somebody who was let in has made tokens: then nobody needs a link any more. */
async function hasOwnTokens(sql: Sql): Promise<boolean> {
  const given = [...TOKENS, ...SESSIONS]
  return (await sql.all(`SELECT id FROM api_tokens WHERE name NOT IN (${places(given)}) LIMIT 1`, given)).length > 0
}

function places(values: readonly string[]): string {
  return values.map(() => '?').join(', ')
}

async function isSetUp(sql: Sql, at: Date): Promise<boolean> {
  if (await hasOwnTokens(sql)) return true
  const living = 'SELECT id FROM api_tokens WHERE revoked IS NULL AND expires > ? LIMIT 1'
  return (await sql.all(living, [at.getTime()])).length > 0
}
