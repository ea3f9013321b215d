import type { Row, Sql } from '../storage/sql.ts'
import type { Core } from './core.ts'
import { newNonce, newSessionId } from './ids.ts'
import { BrokerError, type Challenge, type Protocol } from './model.ts'
import { checkNamespace, teeName } from './names.ts'
import type { Session, SessionBody } from './state.ts'

const ID = /^[0-9a-f]{32}$/
const MAX_TEE_NAME = 32
const COUNT_EVERY_MS = 1000

/** Opens sessions, as many as may be open at once. */
export function sessionOpener(
  core: Core,
): (o: {
  readonly namespace: string
  readonly protocol: Protocol
  readonly tee?: string
  readonly at: Date
}) => Promise<Challenge> {
  let counted = { at: Number.NEGATIVE_INFINITY, open: 0 }
  return async ({ namespace, protocol, tee = '', at }) => {
    checkNamespace(namespace)
    if (tee.length > MAX_TEE_NAME) throw new BrokerError('invalid', `tee: at most ${MAX_TEE_NAME} characters`)
    const now = at.getTime()
    // Counted now and then, and in between by hand: the bound may be passed by what one second brings, not by more.
    if (Math.abs(now - counted.at) >= COUNT_EVERY_MS) counted = { at: now, open: await countOpen(core.db, now) }
    if (counted.open >= core.limits.maxSessions)
      throw new BrokerError('busy', 'too many sessions are open; try again later')
    counted.open++
    const session = newSessionId()
    const nonce = core.verifier.challenge?.(teeName(tee)) ?? newNonce()
    const expires = now + core.limits.sessionSeconds * 1000
    const opened: Session = { id: session, namespace, protocol, tee, nonce, expires, state: 'challenged', body: {} }
    await core.db.transaction((sql) =>
      sql.run(
        `INSERT INTO sessions (id, namespace, protocol, tee, nonce, created, expires, state, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'challenged', '{}')`,
        [session, namespace, protocol, tee, nonce, now, expires],
      ),
    )
    core.opened.set(session, opened, expires)
    return { session, nonce, expires: new Date(expires) }
  }
}

async function countOpen(sql: Sql, now: number): Promise<number> {
  const [row] = await sql.all<{ open: number }>('SELECT COUNT(*) AS open FROM sessions WHERE expires >= ?', [now])
  return row?.open ?? 0
}

interface SessionRow extends Row {
  readonly id: string
  readonly namespace: string
  readonly protocol: string
  readonly tee: string
  readonly nonce: string
  readonly expires: number
  readonly state: string
  readonly body: string
}

/** A session by its id; undefined for one that is not known, or no id. */
export async function readSession(sql: Sql, id: string): Promise<Session | undefined> {
  if (!ID.test(id)) return undefined
  const [row] = await sql.all<SessionRow>(
    'SELECT id, namespace, protocol, tee, nonce, expires, state, body FROM sessions WHERE id = ? LIMIT 1',
    [id],
  )
  if (row === undefined) return undefined
  // Rows are written by this file alone.
  return {
    ...row,
    protocol: row.protocol as Protocol,
    state: row.state as Session['state'],
    body: JSON.parse(row.body) as SessionBody,
  }
}

/**
 * Spends a session's nonce, in the transaction that records what it was spent on.
 *
 * @returns false when somebody spent it before, here or in another process, or its time is over
 */
export async function spendSession(
  sql: Sql,
  id: string,
  state: 'attested' | 'spent',
  body: SessionBody,
  at: Date,
): Promise<boolean> {
  const changed = await sql.run(
    `UPDATE sessions SET state = ?, body = ? WHERE id = ? AND state = 'challenged' AND expires >= ?`,
    [state, JSON.stringify(body), id, at.getTime()],
  )
  return changed === 1
}

/**
 * Forgets sessions whose time is over for a while: at most `batches` times `most`, each in a transaction of its own.
 * @returns how many
 */
export async function sweepSessions(core: Core, at: Date, most: number, batches: number): Promise<number> {
  // Kept a little longer, so that whoever comes late is told that the time is over.
  const before = at.getTime() - core.limits.sessionSeconds * 1000
  let swept = 0
  for (let i = 0; i < batches; i++) {
    const some = await core.db.transaction((sql) =>
      sql.run(`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires < ? LIMIT ${most})`, [before]),
    )
    swept += some
    if (some < most) break
  }
  return swept
}
