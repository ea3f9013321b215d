import type { Row, Sql } from '../storage/sql.ts'
import { bindingHash } from './binding.ts'
import type { Core } from './core.ts'
import { BrokerError, type Challenge, type Protocol } from './model.ts'
import { checkNamespace, teeName } from './names.ts'
import { nonceBytes, openSession, readSessionToken } from './session-token.ts'
import type { Forgotten, Session, SessionBody, Spent } from './state.ts'

const TEE = /^[^\p{Cc}]{0,32}$/u
const LOOK_EVERY_MS = 1000

/**
 * Opens sessions, and stores none: whoever asks for a nonce takes nothing of the database. A nonce is stored when it is
 * spent, which it is once.
 */
export function sessionOpener(
  core: Core,
): (o: {
  readonly namespace: string
  readonly protocol: Protocol
  readonly tee?: string
  readonly at: Date
}) => Promise<Challenge> {
  return async ({ namespace, protocol, tee = '', at }) => {
    checkNamespace(namespace)
    if (!TEE.test(tee)) throw new BrokerError('invalid', 'tee: at most 32 characters, and no control characters')
    const now = at.getTime()
    const expires = now + core.limits.sessionSeconds * 1000
    const era = await eraFor(core, expires, now)
    const session = openSession(core.sessionKey, { namespace, protocol, tee, expires, era })
    core.opened.set(session.id, true, expires)
    const hash = bindingHash(protocol, tee)
    return { session: session.token, nonce: nonceOf(core, session), expires: new Date(expires), hash }
  }
}

/** The session that a token is of; undefined for one that no process of this database made. */
export function sessionOf(core: Core, token: string): Session | undefined {
  return readSessionToken(core.sessionKey, token)
}

/**
 * Whether a session was over for so long that it is forgotten, or ends so late that a clock opened it which is far ahead
 * of this one: its token is refused, and that is not recorded.
 */
export function isFarOff(core: Core, { expires }: Session, at: Date): boolean {
  return expires < forgottenBefore(core, at) || expires > at.getTime() + 2 * core.limits.sessionSeconds * 1000
}

function forgottenBefore({ limits }: Core, at: Date): number {
  return at.getTime() - limits.sessionSeconds * 1000
}

/** The nonce of a session, as it was given out. */
export function nonceOf(core: Core, session: Session): string {
  const bytes = nonceBytes(core.sessionKey, session)
  return core.verifier.challenge?.(teeName(session.tee), bytes) ?? bytes.toString('base64')
}

interface SpentRow extends Row {
  readonly state: string
  readonly body: string
}

/** What became of a session; undefined for one whose nonce is not spent, and for one that was forgotten. */
export async function readSpent(sql: Sql, { id }: Session): Promise<Spent | undefined> {
  const [row] = await sql.all<SpentRow>('SELECT state, body FROM sessions WHERE id = ? LIMIT 1', [id])
  if (row === undefined) return undefined
  // Rows are written by this file alone; those of earlier versions may wait for evidence still, and never get any.
  return { state: row.state as Spent['state'], body: JSON.parse(row.body) as SessionBody }
}

/**
 * Spends a session's nonce, in the transaction that records what it was spent on.
 *
 * @param resultKey the key that signed what it was spent on
 * @returns false when somebody spent it before, here or in another process, when its time is over, when what was spent
 *   at its time is forgotten already (by a clock that went back, an old nonce would be new), or when `resultKey` is not the
 *   one that signs any more
 */
export async function spendSession(
  sql: Sql,
  session: Session,
  state: Spent['state'],
  body: SessionBody,
  at: Date,
  resultKey?: string,
): Promise<boolean> {
  const { id, namespace, protocol, tee, expires, era } = session
  if (expires < at.getTime()) return false
  const changed = await sql.run(
    `INSERT INTO sessions (id, namespace, protocol, tee, nonce, created, expires, state, body)
     SELECT ?, ?, ?, ?, '', ?, ?, ?, ?
     WHERE NOT EXISTS (SELECT 1 FROM settings WHERE name BETWEEN ? AND '${LAST_ERA}' AND value > ?)
     ${resultKey === undefined ? '' : SIGNS}
     ON CONFLICT (id) DO NOTHING`,
    [
      ...[id, namespace, protocol, tee, at.getTime(), expires, state, JSON.stringify(body), eraName(era)],
      ...[timeText(expires), ...(resultKey === undefined ? [] : [resultKey])],
    ],
  )
  return changed === 1
}

const SIGNS = `AND EXISTS (SELECT 1 FROM result_keys WHERE kid = ? AND state = 'current')`

/**
 * Forgets spent sessions whose time is over for a while: at most `batches` times `most`, each in a transaction of its own,
 * which also notes up to when it forgot.
 * @returns how many
 */
export async function sweepSessions(core: Core, at: Date, most: number, batches: number): Promise<number> {
  const before = forgottenBefore(core, at)
  let swept = 0
  for (let i = 0; i < batches; i++) {
    const some = await core.db.transaction(async (sql) => {
      const gone = await sql.run(
        `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires < ? LIMIT ${most})`,
        [before],
      )
      if (gone > 0) await noteForgotten(sql, (await readForgotten(sql)).era, before)
      return gone
    })
    if (some > 0) delete core.forgotten.known
    swept += some
    if (some < most) break
  }
  return swept
}

// One setting for each era: up to when was forgotten in it, as text that sorts as the numbers do, and that never goes back.
const FORGOTTEN = 'sessions-forgotten:'
const ERA_DIGITS = 8

function eraName(era: number): string {
  return FORGOTTEN + String(era).padStart(ERA_DIGITS, '0')
}

function timeText(time: number): string {
  return String(time).padStart(16, '0')
}

const FIRST_ERA = eraName(0)
const LAST_ERA = FORGOTTEN + '9'.repeat(ERA_DIGITS)

async function readForgotten(sql: Sql): Promise<Forgotten> {
  const [row] = await sql.all<{ name: string; value: string }>(
    'SELECT name, value FROM settings WHERE name BETWEEN ? AND ? ORDER BY name DESC LIMIT 1',
    [FIRST_ERA, LAST_ERA],
  )
  return { era: Number(row?.name.slice(FORGOTTEN.length) ?? 0), time: Number(row?.value ?? 0) }
}

async function noteForgotten(sql: Sql, era: number, time: number): Promise<void> {
  await sql.run(
    `INSERT INTO settings (name, value) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE settings.value < excluded.value`,
    [eraName(era), timeText(time)],
  )
  // What was forgotten in an era is forgotten of those before: they need to say more only.
  await sql.run('DELETE FROM settings WHERE name >= ? AND name < ? AND value <= ?', [
    FIRST_ERA,
    eraName(era),
    timeText(time),
  ])
}

/** The era for a session that ends at `expires`: a new one where that is forgotten already. */
async function eraFor(core: Core, expires: number, now: number): Promise<number> {
  const { known } = core.forgotten
  if (known !== undefined && Math.abs(now - known.at) < LOOK_EVERY_MS && expires >= known.time) return known.era
  const found = await readForgotten(core.db)
  const { era, time } = expires >= found.time ? found : await newEra(core, expires)
  core.forgotten.known = { era, time, at: now }
  return era
}

function newEra(core: Core, expires: number): Promise<Forgotten> {
  return core.db.transaction(async (sql) => {
    const found = await readForgotten(sql)
    // Another process may have been faster.
    if (expires >= found.time) return found
    const next = { era: found.era + 1, time: 0 }
    await noteForgotten(sql, next.era, next.time)
    return next
  })
}
