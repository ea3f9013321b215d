import { randomBytes } from 'node:crypto'
import type { Database, Row, Sql } from '../storage/sql.ts'
import { type Access, readGrant, type Scope } from './access.ts'
import { isSecret, newSecretText, secretHash } from './secret-text.ts'

/** A token to make. */
export interface NewToken {
  /** The namespace it is for, or `*` for all. */
  readonly namespace: string
  /** What people call it; 1 to 100 characters. */
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly expires: Date
  readonly at: Date
}

/** A token that was just made. */
export interface CreatedToken {
  readonly id: string
  /** `sk_<id>_<secret>`. Shown once: nothing can tell it again. */
  readonly token: string
}

/** What may be told about a token. */
export interface TokenSummary {
  readonly id: string
  readonly namespace: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly created: Date
  readonly expires: Date | undefined
  /** To the minute. */
  readonly lastUsed: Date | undefined
  readonly revoked: Date | undefined
}

/**
 * API tokens: 256 random bits each, of which only a hash is kept.
 *
 * @throws StorageError from every member
 */
export interface AccessTokens {
  /** In a transaction. @throws TypeError naming the member that is not allowed */
  create(sql: Sql, token: NewToken): Promise<CreatedToken>
  /** Whom a token speaks for; undefined for one that is malformed, unknown, expired or revoked, without saying which. */
  check(token: string, at: Date): Promise<Access | undefined>
  /** False when the namespace has no such living token. `*` reaches the tokens of every namespace. */
  revoke(sql: Sql, namespace: string, id: string, at: Date): Promise<boolean>
  /** Tokens of a namespace, newest first, at most 1,000; `*` lists those of all. */
  list(sql: Sql, namespace: string): Promise<readonly TokenSummary[]>
}

const TOKEN = /^sk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/
/** Last use is written once a minute: not every call may cost a write. */
const USE_MS = 60_000
/** Two years: a token without an end is forgotten, not ended. */
const MAX_LIFE_MS = 2 * 366 * 24 * 3600 * 1000

/** The API tokens of a database. */
export function accessTokens(db: Database): AccessTokens {
  return { create, revoke, list, check: (token, at) => check(db, token, at) }
}

async function create(sql: Sql, { name, expires, at, ...given }: NewToken): Promise<CreatedToken> {
  const { namespace, scopes } = readGrant(given.namespace, given.scopes)
  if (typeof name !== 'string' || name.trim() === '' || name.length > 100 || /\p{Cc}/u.test(name)) {
    throw new TypeError('name must be 1 to 100 characters')
  }
  const life = expires.getTime() - at.getTime()
  if (!(life > 0 && life <= MAX_LIFE_MS))
    throw new TypeError('expires must be in the future, and at most two years away')
  const id = randomBytes(8).toString('hex')
  const secret = newSecretText()
  await sql.run(
    `INSERT INTO api_tokens (id, namespace, hash, scopes, name, created, expires, last_used, revoked)
    VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)`,
    [id, namespace, secretHash(secret), JSON.stringify(scopes), name, at.getTime(), expires.getTime()],
  )
  return { id, token: `sk_${id}_${secret}` }
}

async function check(db: Database, token: string, at: Date): Promise<Access | undefined> {
  const [, id = '', secret = ''] = TOKEN.exec(token) ?? []
  if (id === '') return undefined
  const [row] = await db.all<TokenRow>(`${SELECT} WHERE id = ?`, [id])
  if (row === undefined || !isSecret(secret, row.hash) || !isAlive(row, at)) return undefined
  const now = at.getTime()
  if (row.last_used === null || now - row.last_used >= USE_MS) {
    await db.run('UPDATE api_tokens SET last_used = ? WHERE id = ? AND (last_used IS NULL OR last_used < ?)', [
      now,
      id,
      now,
    ])
  }
  return { actor: `token:${id}`, grants: [readGrant(row.namespace, JSON.parse(row.scopes))] }
}

function isAlive({ revoked, expires }: TokenRow, at: Date): boolean {
  return revoked === null && expires !== null && at.getTime() < expires
}

async function revoke(sql: Sql, namespace: string, id: string, at: Date): Promise<boolean> {
  const mine = namespace === '*' ? '' : 'AND namespace = ?'
  const changed = await sql.run(
    `UPDATE api_tokens SET revoked = ? WHERE id = ? AND revoked IS NULL ${mine}`,
    namespace === '*' ? [at.getTime(), id] : [at.getTime(), id, namespace],
  )
  return changed > 0
}

async function list(sql: Sql, namespace: string): Promise<readonly TokenSummary[]> {
  const order = 'ORDER BY created DESC, id LIMIT 1000'
  const rows =
    namespace === '*'
      ? await sql.all<TokenRow>(`${SELECT} ${order}`)
      : await sql.all<TokenRow>(`${SELECT} WHERE namespace = ? ${order}`, [namespace])
  return rows.map((row) => ({
    id: row.id,
    namespace: row.namespace,
    name: row.name,
    scopes: readGrant(row.namespace, JSON.parse(row.scopes)).scopes,
    created: new Date(row.created),
    expires: time(row.expires),
    lastUsed: time(row.last_used),
    revoked: time(row.revoked),
  }))
}

function time(value: number | null): Date | undefined {
  return value === null ? undefined : new Date(value)
}

const SELECT = 'SELECT id, namespace, hash, scopes, name, created, expires, last_used, revoked FROM api_tokens'

type TokenRow = Row & {
  readonly id: string
  readonly namespace: string
  readonly hash: Uint8Array
  readonly scopes: string
  readonly name: string
  readonly created: number
  readonly expires: number | null
  readonly last_used: number | null
  readonly revoked: number | null
}
