import type { Sql } from '../storage/sql.ts'
import {
  newResultKey,
  openPrivate,
  type ResultKeyRow,
  readResultKey,
  readResultKeys,
  sealRetired,
} from '../vault/result-key-rows.ts'
import type { Acting } from './admin-model.ts'
import { recordChange } from './change.ts'
import type { Core } from './core.ts'
import { BrokerError, type Cause } from './model.ts'
import { pending, reappraise, revokedSince } from './reappraise.ts'
import type { ResultKey, ResultKeyAdmin, ResultKeyChange } from './result-key-model.ts'
import { insertKey } from './result-keys.ts'

/** A key set may be cached for a minute: after twice that, everybody who looks has seen a key. */
const PUBLISHED_MS = 120_000
/** What readers of results grant to clocks that differ, and as much for those of the processes of a database. */
const SLACK_MS = 120_000
/** Most retired keys that are accepted at once: key sets stay small. */
const MAX_RETIRED = 16

/** The acts on the keys of a checkpoint. */
export function resultKeyAdmin(core: Core): ResultKeyAdmin {
  return {
    list: async () => (await readResultKeys(core.db)).map(fromRow),
    rotate: (by) => rotate(core, by),
    revoke: (kid, by) => revoke(core, kid, by),
  }
}

function fromRow({ kid, state, created, activated, retired, accepted_until, revoked }: ResultKeyRow): ResultKey {
  return {
    kid,
    state,
    created: new Date(created),
    ...(activated === null ? {} : { activated: new Date(activated) }),
    ...(retired === null ? {} : { retired: new Date(retired) }),
    ...(accepted_until === null ? {} : { acceptedUntil: new Date(accepted_until) }),
    ...(revoked === null ? {} : { revoked: new Date(revoked) }),
  }
}

async function rotate(core: Core, by: Parameters<ResultKeyAdmin['rotate']>[0]): ReturnType<ResultKeyAdmin['rotate']> {
  const now = by.at.getTime()
  const change = await core.db.transaction(async (sql) => {
    await forgetEnded(sql, now)
    const rows = await readResultKeys(sql)
    const [former, next] = [only(rows, 'current'), only(rows, 'next')]
    const left = next.created + PUBLISHED_MS - now
    if (by.early !== true && left > 0)
      throw new BrokerError(
        'conflict',
        `the next key was published only just now, and relying parties may not know it: wait ${Math.ceil(Math.min(left, PUBLISHED_MS) / 1000)} s, or rotate early`,
      )
    if (rows.filter(({ state, sealed }) => state === 'retired' && sealed !== null).length >= MAX_RETIRED)
      throw new BrokerError('conflict', `results of ${MAX_RETIRED} retired keys are accepted still: wait a few minutes`)
    const until = now + core.limits.tokenSeconds * 1000 + SLACK_MS
    const sealed = await sealRetired(core.vault.ring, await openPrivate(core.vault.ring, former), until)
    await sql.run(
      `UPDATE result_keys SET state = 'retired', sealed = ?, retired = ?, accepted_until = ? WHERE kid = ?`,
      [sealed, now, until, former.kid],
    )
    const made = await promote(core, sql, next, by)
    const change = { current: next.kid, next: made, retired: former.kid }
    await recordChange(core, sql, '*', by, { what: 'result-key-rotated', details: change })
    return change
  })
  await core.resultKeys.refresh()
  return change
}

async function revoke(core: Core, kid: string, by: Acting): ReturnType<ResultKeyAdmin['revoke']> {
  const cause: Cause = { kind: 'result-key', kid }
  const { change, namespaces, decision } = await core.db.transaction(async (sql) => {
    const [row, rows] = [await readResultKey(sql, kid), await readResultKeys(sql)]
    if (row === undefined) throw new BrokerError('not-found', 'there is no result key of that id')
    if (row.state === 'revoked') throw new BrokerError('conflict', 'this key was revoked before')
    const [current, next] = [only(rows, 'current'), only(rows, 'next')]
    await sql.run(`UPDATE result_keys SET state = 'revoked', sealed = NULL, revoked = ? WHERE kid = ?`, [
      by.at.getTime(),
      kid,
    ])
    const change = await replaced(core, sql, { row, current, next }, by)
    const found = await sql.all<{ namespace: string }>(
      `SELECT DISTINCT namespace FROM leases WHERE result_key = ? AND state = 'live' ORDER BY namespace`,
      [kid],
    )
    // Whoever comes next ends these leases, if this process cannot.
    for (const { namespace } of found) await pending(sql, namespace, cause)
    const details = { ...change, revoked: kid }
    const decision = await recordChange(core, sql, '*', by, { what: 'result-key-revoked', details })
    return { change, namespaces: found.map(({ namespace }) => namespace), decision }
  })
  await core.resultKeys.refresh()
  let leases = 0
  for (const namespace of namespaces) {
    await reappraise(core, namespace, cause, by.at)
    // Whichever process was faster.
    leases += await revokedSince(core.db, namespace, cause, decision)
  }
  return { ...change, leases }
}

/** Puts a key in the place of one that was revoked, where it had one. */
async function replaced(
  core: Core,
  sql: Sql,
  { row, current, next }: { readonly row: ResultKeyRow; readonly current: ResultKeyRow; readonly next: ResultKeyRow },
  by: Acting,
): Promise<ResultKeyChange> {
  if (row.state === 'current') return { current: next.kid, next: await promote(core, sql, next, by) }
  if (row.state === 'next')
    return { current: current.kid, next: await insertKey(sql, core.vault.ring, newResultKey(), 'next', by.at) }
  return { current: current.kid, next: next.kid }
}

/** Lets the next key sign, and makes another next one. @returns the id of that */
async function promote(core: Core, sql: Sql, next: ResultKeyRow, { at }: Acting): Promise<string> {
  await sql.run(`UPDATE result_keys SET state = 'current', activated = ? WHERE kid = ?`, [at.getTime(), next.kid])
  return insertKey(sql, core.vault.ring, newResultKey(), 'next', at)
}

/** Nothing is kept of retired keys whose results have all ended but that they were there. */
async function forgetEnded(sql: Sql, now: number): Promise<void> {
  await sql.run(
    `UPDATE result_keys SET sealed = NULL WHERE state = 'retired' AND sealed IS NOT NULL AND accepted_until <= ?`,
    [now],
  )
}

function only(rows: readonly ResultKeyRow[], wanted: 'current' | 'next'): ResultKeyRow {
  const row = rows.find(({ state }) => state === wanted)
  if (row === undefined) throw new TypeError(`there is no ${wanted} result key`)
  return row
}
