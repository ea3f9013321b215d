import { readSetting, writeSetting } from '../storage/settings.ts'
import type { Acting } from './admin-model.ts'
import { recordChange } from './change.ts'
import type { Core } from './core.ts'
import { each } from './each.ts'
import { addEvents, announce } from './events.ts'
import type { Rechecked } from './model.ts'
import { pending, reappraise } from './reappraise.ts'

const LAST_LOOK = 'references-looked-at'

/** Longer than a request takes, and than clocks of processes on one database differ. */
const UNDER_WAY_MS = 60_000

/** Leases of a time when emulated platforms were trusted end in production, with their decisions and events. */
export async function endEmulated(core: Core, at: Date): Promise<void> {
  const rows = await core.db.all<{ namespace: string }>(
    `SELECT DISTINCT l.namespace FROM leases l JOIN appraisals a ON a.id = l.appraisal
     WHERE l.state = 'live' AND l.expires >= ? AND a.emulated = 1`,
    [at.getTime()],
  )
  await each(rows, ({ namespace }) => reappraise(core, namespace, { kind: 'production' }, at))
}

/**
 * Asks the vendors anew, whatever was fetched lately, and looks at every live lease of a namespace by what they say now.
 * Of a namespace that is not there nothing is looked at, and nothing is recorded.
 */
export async function recheck(core: Core, namespace: string, by: Acting): Promise<Rechecked> {
  const isThere = await core.db.transaction(async (sql) => {
    const [known] = await sql.all<{ name: string }>('SELECT name FROM namespaces WHERE name = ?', [namespace])
    if (known === undefined) return false
    const decision = await recordChange(core, sql, namespace, by, { what: 'leases-reappraised', details: {} })
    await addEvents(sql, namespace, by.at, [{ kind: 'leases-reappraised', body: { decision } }])
    return true
  })
  if (!isThere) return { live: 0, revoked: 0, unanswered: 0 }
  await announce(core, namespace)
  core.verifier.renew?.()
  const silent = new Set<string>()
  const { live, revoked } = await reappraise(core, namespace, { kind: 'collateral' }, by.at, silent)
  return { live, revoked, unanswered: silent.size }
}

/**
 * Reference sets whose time is over since the last look: leases that rest on them are looked at again, and once more when
 * whatever was asked for before is answered.
 */
export async function expireReferences(core: Core, at: Date): Promise<void> {
  const last = await readSetting(core.db, LAST_LOOK)
  const now = at.getTime()
  // A clock that was ahead for a while must not hide what expires before it gets there again.
  const seen = Number(last ?? 0) > now ? 0 : Number(last ?? 0)
  const rows = await core.db.all<{ namespace: string; name: string }>(
    `SELECT namespace, name FROM reference_sets WHERE deleted IS NULL
     AND ((expires <= ? AND expires > ?) OR (expires <= ? AND expires > ?))`,
    [now, seen, now - UNDER_WAY_MS, seen - UNDER_WAY_MS],
  )
  if (rows.length === 0 && last !== undefined) return
  // From here on it is noted: a look that fails is made again by itself, without those that did not.
  await core.db.transaction(async (sql) => {
    for (const { namespace, name } of rows) await pending(sql, namespace, { kind: 'reference', name })
    await writeSetting(sql, LAST_LOOK, String(now))
  })
  await each(rows, ({ namespace, name }) => reappraise(core, namespace, { kind: 'reference', name }, at))
}
