import { type ReferenceSet, readReferenceSet, unmetValues } from '@sekisho/appraisal'
import { canonicalJson, type Tee } from '@sekisho/evidence'
import { isRecord } from '../json.ts'
import type { Sql } from '../storage/sql.ts'
import type { Acting, Reappraised, StoredReference } from './admin-model.ts'
import { type Change, changeRules } from './change.ts'
import type { Core } from './core.ts'
import { BrokerError } from './model.ts'
import { forgetNote, type MatchedRow, metBefore } from './reference-matches.ts'

/** @throws BrokerError `invalid` that names the member */
export function readSet(input: unknown): ReferenceSet {
  try {
    return readReferenceSet(input)
  } catch (error) {
    if (error instanceof TypeError) throw new BrokerError('invalid', error.message)
    throw error
  }
}

/** See `BrokerAdmin.putReference`. */
export async function putReference(
  core: Core,
  namespace: string,
  input: unknown,
  by: Acting & { readonly merge?: true },
): Promise<{ readonly name: string } & Reappraised> {
  const whole = by.merge === true ? undefined : readSet(input)
  return changeRules(
    core,
    namespace,
    by,
    ({ name }) => ({ kind: 'reference', name }),
    async (sql) => {
      const set = whole ?? readSet(await merged(sql, namespace, input))
      return { result: { name: set.name }, change: await write(core, sql, namespace, set, by) }
    },
  )
}

/** See `BrokerAdmin.putReferences`. */
export async function putReferences(
  core: Core,
  namespace: string,
  inputs: readonly unknown[],
  by: Acting & { readonly name: string; readonly merge?: true },
): Promise<Reappraised> {
  const whole = by.merge === true ? undefined : inputs.map(readSet)
  const name = whole?.length === 1 ? (whole[0]?.name ?? by.name) : by.name
  const { live, revoked } = await changeRules(
    core,
    namespace,
    by,
    () => ({ kind: 'reference', name }),
    async (sql) => {
      const changes: Change[] = []
      for (const [i, input] of inputs.entries())
        changes.push(await write(core, sql, namespace, whole?.[i] ?? readSet(await merged(sql, namespace, input)), by))
      return { result: {}, change: changes }
    },
  )
  return { live, revoked }
}

async function write(core: Core, sql: Sql, namespace: string, set: ReferenceSet, by: Acting): Promise<Change> {
  const expires = set.expires === undefined ? null : Date.parse(set.expires)
  const [former] = await sql.all<{ body: string }>(
    'SELECT body FROM reference_sets WHERE namespace = ? AND name = ? AND deleted IS NULL',
    [namespace, set.name],
  )
  await sql.run(
    `INSERT INTO reference_sets (namespace, name, body, created, created_by, expires) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (namespace, name) DO UPDATE SET body = excluded.body, created = excluded.created,
         created_by = excluded.created_by, expires = excluded.expires, deleted = NULL`,
    [namespace, set.name, JSON.stringify(set), by.at.getTime(), by.actor, expires],
  )
  // Evidence met what was there before: of other values that says nothing.
  if (former === undefined || comparedOf(JSON.parse(former.body) as ReferenceSet) !== comparedOf(set))
    await sql.run(
      'UPDATE reference_sets SET last_matched = NULL, matched_values = NULL WHERE namespace = ? AND name = ?',
      [namespace, set.name],
    )
  forgetNote(core, namespace, set.name)
  return { what: 'reference-put', details: { name: set.name, tee: set.tee } }
}

function comparedOf({ tee, values }: ReferenceSet): string {
  return canonicalJson({ tee, values })
}

/** The set with the values of the one in its place that it does not name; what is none is left to whoever reads it. */
async function merged(sql: Sql, namespace: string, input: unknown): Promise<unknown> {
  if (!isRecord(input) || typeof input['name'] !== 'string' || !isRecord(input['values'])) return input
  const [row] = await sql.all<{ body: string }>(
    'SELECT body FROM reference_sets WHERE namespace = ? AND name = ? AND deleted IS NULL',
    [namespace, input['name']],
  )
  if (row === undefined) return input
  const { values } = JSON.parse(row.body) as ReferenceSet
  return { ...input, values: { ...values, ...input['values'] } }
}

/** Removes a set. @throws BrokerError `not-found` */
export async function deleteReference(core: Core, namespace: string, name: string, by: Acting): Promise<Reappraised> {
  return changeRules<{ readonly name: string }>(
    core,
    namespace,
    by,
    () => ({ kind: 'reference', name }),
    async (sql) => {
      const changed = await sql.run(
        'UPDATE reference_sets SET deleted = ? WHERE namespace = ? AND name = ? AND deleted IS NULL',
        [by.at.getTime(), namespace, name],
      )
      if (changed !== 1) throw new BrokerError('not-found', 'there is no reference set of that name')
      forgetNote(core, namespace, name)
      return { result: { name }, change: { what: 'reference-deleted', details: { name } } }
    },
  )
}

/** All sets, by name. */
export async function references(core: Core, namespace: string): Promise<readonly StoredReference[]> {
  const rows = await core.db.all<MatchedRow & { readonly created: number }>(
    'SELECT body, created, last_matched, matched_values FROM reference_sets WHERE namespace = ? AND deleted IS NULL ORDER BY name',
    [namespace],
  )
  return rows.map((row) => {
    const set = JSON.parse(row.body) as ReferenceSet & { readonly tee: Tee }
    const unmatchedValues = unmetValues(set, metBefore(row))
    return {
      ...set,
      created: new Date(row.created),
      ...(row.last_matched === null ? {} : { lastMatched: new Date(row.last_matched) }),
      ...(unmatchedValues.length === 0 ? {} : { unmatchedValues }),
    }
  })
}
