import type { Sql } from '../storage/sql.ts'
import type { Acting, Reappraised } from './admin-model.ts'
import type { Core } from './core.ts'
import { addEvents, announce } from './events.ts'
import type { Cause } from './model.ts'
import { checkNamespace } from './names.ts'
import { pending, reappraise, revokedSince } from './reappraise.ts'
import { record } from './record.ts'
import { bumpEpoch } from './rules.ts'

/** What an administrator did, as its decision, leaf and event tell it. */
export interface Change {
  readonly what: string
  readonly details: Readonly<Record<string, unknown>>
  readonly policy?: { readonly version: number; readonly sha256: string }
  readonly resource?: string
}

/** Makes a change and its record in one transaction. */
export async function change<T>(
  core: Core,
  namespace: string,
  by: Acting,
  work: (sql: Sql) => Promise<{ readonly result: T; readonly change: Change | undefined }>,
): Promise<T> {
  return (await recorded(core, namespace, by, work)).result
}

async function recorded<T>(
  core: Core,
  namespace: string,
  by: Acting,
  work: (sql: Sql) => Promise<{ readonly result: T; readonly change: Change | readonly Change[] | undefined }>,
): Promise<{ readonly result: T; readonly decision: string | undefined }> {
  checkNamespace(namespace)
  const done = await core.db.transaction(async (sql) => {
    const { result, change: made } = await work(sql)
    if (made === undefined) return { result, decision: undefined }
    await ensureNamespace(sql, namespace, by)
    let decision: string | undefined
    const events: Parameters<typeof addEvents>[3][number][] = []
    for (const what of 'what' in made ? [made] : made) {
      decision = await recordChange(core, sql, namespace, by, what)
      events.push({ kind: what.what, body: { ...what.details, decision } })
    }
    await addEvents(sql, namespace, by.at, events)
    return { result, decision }
  })
  await announce(core, namespace)
  return done
}

/**
 * As {@link change}, for one change or several of what live leases rest on: these are looked at again, even if this process ends before.
 * What is answered counts the leases that ended for this change, whoever looked at them first.
 */
export async function changeRules<T extends object>(
  core: Core,
  namespace: string,
  by: Acting,
  causeOf: (result: T) => Cause,
  work: (sql: Sql) => Promise<{ readonly result: T; readonly change: Change | readonly Change[] }>,
): Promise<T & Reappraised> {
  const { result, decision } = await recorded(core, namespace, by, async (sql) => {
    const done = await work(sql)
    await bumpEpoch(sql, namespace)
    await pending(sql, namespace, causeOf(done.result))
    return done
  })
  const cause = causeOf(result)
  const { live, revoked } = await reappraise(core, namespace, cause, by.at)
  // Each lease ends once: whichever pass of whichever process was faster, all that failed have ended by now.
  const all = decision === undefined ? revoked : await revokedSince(core.db, namespace, cause, decision)
  return { ...result, live, revoked: all }
}

/** Writes an act to the log, in its transaction. @returns the decision's id */
export function recordChange(
  core: Core,
  sql: Sql,
  namespace: string,
  by: Acting,
  { what, details, policy, resource }: Change,
): Promise<string> {
  return record(core, sql, {
    namespace,
    at: by.at,
    kind: 'admin',
    outcome: 'changed',
    reason: what,
    actor: by.actor.slice(0, 128),
    emulated: false,
    body: details,
    ...(policy === undefined ? {} : { policy }),
    ...(resource === undefined ? {} : { resource }),
  })
}

/** @returns whether the namespace was made just now */
export async function ensureNamespace(sql: Sql, name: string, { at }: Acting): Promise<boolean> {
  return (
    (await sql.run('INSERT INTO namespaces (name, created) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', [
      name,
      at.getTime(),
    ])) === 1
  )
}
