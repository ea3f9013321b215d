import { readSetting, writeSetting } from '../storage/settings.ts'
import type { Row, Sql } from '../storage/sql.ts'
import type { Grounds } from './state.ts'

/**
 * Notes, in a transaction that moves a lease to another appraisal, that the one it rested on was used: decisions rest on it
 * for good.
 */
export async function noteUsed(
  sql: Sql,
  of: { readonly lease: string } | { readonly appraisal: string },
): Promise<void> {
  const insert = 'INSERT INTO used_appraisals (id)'
  if ('appraisal' in of) await sql.run(`${insert} VALUES (?) ON CONFLICT (id) DO NOTHING`, [of.appraisal])
  else await sql.run(`${insert} SELECT appraisal FROM leases WHERE id = ? ON CONFLICT (id) DO NOTHING`, [of.lease])
}

interface LookedAt extends Row {
  readonly id: string
  readonly at: number
  readonly outcome: string
  readonly verdict_sha256: string
  readonly body: string
  readonly used: number
}

const SEEN = 'retention:unused'

/** Whether there are appraisals from before `cutoff` that were not looked at yet. */
export async function hasUnseen(sql: Pick<Sql, 'all'>, cutoff: number): Promise<boolean> {
  const [next] = await sql.all<{ at: number }>('SELECT at FROM appraisals WHERE id > ? ORDER BY id LIMIT 1', [
    await seenUpTo(sql),
  ])
  return next !== undefined && next.at < cutoff
}

/**
 * Looks at the next appraisals from before `cutoff`, in a transaction, and forgets those that passed and that nothing was
 * released on: the row, its evidence and its verdict, with templates that no verdict is written by any more. Evidence
 * that passed binds the nonce of its one session, so that nothing else rests on it; endorsements and event logs, which
 * others share, stay.
 *
 * @returns how many were looked at, `most` at most
 */
export async function forgetUnused(
  sql: Sql,
  { cutoff, most }: { readonly cutoff: number; readonly most: number },
): Promise<number> {
  const rows = await sql.all<LookedAt>(
    `SELECT a.id, a.at, a.outcome, a.verdict_sha256, a.body,
       CASE WHEN EXISTS (SELECT 1 FROM leases l WHERE l.appraisal = a.id)
         OR EXISTS (SELECT 1 FROM used_appraisals u WHERE u.id = a.id) THEN 1 ELSE 0 END AS used
     FROM appraisals a WHERE a.id > ? ORDER BY a.id LIMIT ${most}`,
    [await seenUpTo(sql)],
  )
  const tooNew = rows.findIndex(({ at }) => at >= cutoff)
  const old = tooNew === -1 ? rows : rows.slice(0, tooNew)
  const last = old.at(-1)
  if (last === undefined) return 0
  const unused = old.filter(({ outcome, used }) => outcome === 'verified' && used === 0)
  // Written by this package alone.
  const grounds = unused.flatMap(({ body }) => (JSON.parse(body) as { readonly grounds: readonly Grounds[] }).grounds)
  await removeAll(
    sql,
    'evidence',
    'sha256',
    grounds.map(({ evidence }) => evidence),
  )
  await removeVerdicts(
    sql,
    unused.map(({ verdict_sha256 }) => verdict_sha256),
  )
  await removeAll(
    sql,
    'appraisals',
    'id',
    unused.map(({ id }) => id),
  )
  await writeSetting(sql, SEEN, last.id)
  return old.length
}

async function seenUpTo(sql: Pick<Sql, 'all'>): Promise<string> {
  return (await readSetting(sql, SEEN)) ?? ''
}

/**
 * Transactions follow each other in all processes, and a verdict is only ever stored beside its template: what none refers
 * to here, none will without storing it again.
 */
async function removeVerdicts(sql: Sql, digests: readonly string[]): Promise<void> {
  if (digests.length === 0) return
  const removed = await sql.all<{ template: string | null }>(
    `DELETE FROM verdicts WHERE sha256 IN (${placesFor(digests)}) RETURNING template`,
    digests,
  )
  const templates = [...new Set(removed.flatMap(({ template }) => template ?? []))]
  if (templates.length === 0) return
  await sql.run(
    `DELETE FROM verdict_templates WHERE sha256 IN (${placesFor(templates)})
     AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.template = verdict_templates.sha256)`,
    templates,
  )
}

function placesFor(values: readonly string[]): string {
  return values.map(() => '?').join(', ')
}

async function removeAll(
  sql: Sql,
  table: 'evidence' | 'appraisals',
  key: 'sha256' | 'id',
  values: readonly string[],
): Promise<void> {
  if (values.length === 0) return
  await sql.run(`DELETE FROM ${table} WHERE ${key} IN (${placesFor(values)})`, values)
}
