import { randomBytes } from 'node:crypto'
import { readSetting, writeSetting } from '../storage/settings.ts'
import type { Sql } from '../storage/sql.ts'
import type { Core } from './core.ts'
import type { Kept } from './options.ts'
import { forgetRefused, refusedKept } from './refused-evidence.ts'
import { sweepSessions } from './sessions.ts'
import { forgetUnused, hasUnseen } from './unused.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Rows that one transaction removes: it holds everybody up. */
const BATCH = 200
/** Transactions of one pass, for each kind. What is left is for the next one. */
const BATCHES = 25

/** What was forgotten in one pass. */
export interface Pruned {
  readonly sessions: number
  /** Rows of refused attestations. */
  readonly refused: number
  readonly events: number
}

/**
 * What forgets: sessions whose time is over, what refused attestations rest on (after days, and the oldest when it is too
 * much), attestations that passed and that nothing was released on (after as many days), and events after days.
 * Decisions stay, and the log; so does all that a release, a renewal or a revocation rests on.
 *
 * @returns a pass of bounded work; of several processes on one database, one at a time does it
 */
export function pruner(core: Core): (at: Date) => Promise<Pruned> {
  const holder = randomBytes(8).toString('hex')
  return async (at) => {
    const claimed = (work: (sql: Sql) => Promise<number>): (() => Promise<number>) => {
      return () => core.db.transaction(async (sql) => ((await claim(sql, holder, at)) ? work(sql) : 0))
    }
    const sessions = await sweepSessions(core, at, BATCH, BATCHES)
    const refused = await pruneRefused(core, at, claimed)
    await pruneUnused(core, at, claimed)
    const events = await pruneEvents(core, at, claimed)
    return { sessions, refused, events }
  }
}

type Claimed = (work: (sql: Sql) => Promise<number>) => () => Promise<number>

async function pruneRefused(core: Core, at: Date, claimed: Claimed): Promise<number> {
  const { refusedDays, refusedBytes } = core.retention
  const cutoff = at.getTime() - refusedDays * DAY_MS
  const isDue = ({ bytes, oldest }: { bytes: number; oldest: number | undefined }): boolean =>
    bytes > refusedBytes || (oldest !== undefined && oldest < cutoff)
  // Reading costs no write where there is nothing to forget.
  if (!isDue(await refusedKept(core.db))) return 0
  let excess: number | undefined
  return batches(
    claimed(async (sql) => {
      excess ??= (await refusedKept(sql)).bytes - refusedBytes
      const { rows, bytes } = await forgetRefused(sql, { cutoff, excess, most: BATCH })
      excess -= bytes
      return rows
    }),
  )
}

/** A result is good for a while: nothing is forgotten before it, and before clocks that differ say the same. */
const MARGIN_MS = 60_000

async function pruneUnused(core: Core, at: Date, claimed: Claimed): Promise<void> {
  const kept = Math.max(core.retention.refusedDays * DAY_MS, core.limits.tokenSeconds * 1000 + MARGIN_MS)
  const cutoff = at.getTime() - kept
  if (!(await hasUnseen(core.db, cutoff))) return
  await batches(claimed((sql) => forgetUnused(sql, { cutoff, most: BATCH })))
}

async function pruneEvents(core: Core, at: Date, claimed: Claimed): Promise<number> {
  const cutoff = at.getTime() - core.retention.eventDays * DAY_MS
  const oldest = `SELECT seq, at FROM events ORDER BY seq LIMIT ${BATCH}`
  const [row] = await core.db.all<{ at: number | null }>(`SELECT MIN(at) AS at FROM (${oldest}) AS oldest`)
  if (row === undefined || row.at === null || row.at >= cutoff) return 0
  return batches(
    claimed((sql) =>
      sql.run(`DELETE FROM events WHERE seq IN (SELECT seq FROM (${oldest}) AS oldest WHERE at < ?)`, [cutoff]),
    ),
  )
}

/** Does a piece of work until it is done, at most {@link BATCHES} times. @returns what it came to */
async function batches(work: () => Promise<number>): Promise<number> {
  let all = 0
  for (let i = 0; i < BATCHES; i++) {
    const some = await work()
    all += some
    if (some < BATCH) break
  }
  return all
}

const CLAIM = 'retention'
/** After this much silence another process may go on. */
const CLAIM_MS = 30_000

/** Whether this process is the one that forgets, until it is silent for a while. */
async function claim(sql: Sql, holder: string, at: Date): Promise<boolean> {
  const now = at.getTime()
  const text = await readSetting(sql, CLAIM)
  const held = text === undefined ? undefined : (JSON.parse(text) as { holder: string; until: number })
  // A claim from further ahead than claims reach is of a clock that was wrong.
  const isOthers = held !== undefined && held.holder !== holder && held.until > now && held.until <= now + CLAIM_MS
  if (isOthers) return false
  await writeSetting(sql, CLAIM, JSON.stringify({ holder, until: now + CLAIM_MS }))
  return true
}

/** What is kept of refused attestations now, and how much may be. */
export async function keptNow(core: Core): Promise<Kept> {
  const { bytes, oldest } = await refusedKept(core.db)
  const { refusedBytes, refusedDays, eventDays } = core.retention
  return {
    refusedBytes: bytes,
    ...(oldest === undefined ? {} : { oldestRefused: new Date(oldest) }),
    limits: { refusedBytes, refusedDays, eventDays },
  }
}
