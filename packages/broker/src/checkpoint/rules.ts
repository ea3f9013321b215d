import { type ReferenceSet, readReferenceSet } from '@sekisho/appraisal'
import { canonicalJson } from '@sekisho/evidence'
import { readSetting, writeSetting } from '../storage/settings.ts'
import type { Sql } from '../storage/sql.ts'
import { sha256 } from '../verifier/bytes.ts'
import type { Advisory } from './admin-model.ts'
import { type Core, compiledPolicy } from './core.ts'
import type { Rules } from './state.ts'

function epochName(namespace: string): string {
  return `rules:${namespace}`
}

/** The epoch of a namespace's rules; 0 before the first change. */
export async function epochOf(sql: Sql, namespace: string): Promise<number> {
  return Number((await readSetting(sql, epochName(namespace))) ?? 0)
}

/**
 * The epoch of a namespace's rules, and whether an appraisal was revoked (true for one that is not there), or the key of
 * the result that was shown for it, or that key is over: one statement.
 */
export async function standing(
  sql: Sql,
  namespace: string,
  appraisal: string,
  resultKey?: { readonly kid: string; readonly at: Date },
): Promise<{ readonly epoch: number; readonly revoked: boolean }> {
  const [row] = await sql.all<{ epoch: string | null; revoked: number | null; signed: number }>(
    `SELECT (SELECT value FROM settings WHERE name = ?) AS epoch, revoked,
     ${resultKey === undefined ? '1' : SIGNED} AS signed FROM appraisals WHERE id = ? LIMIT 1`,
    [epochName(namespace), ...(resultKey === undefined ? [] : [resultKey.kid, resultKey.at.getTime()]), appraisal],
  )
  return row === undefined
    ? { epoch: await epochOf(sql, namespace), revoked: true }
    : { epoch: Number(row.epoch ?? 0), revoked: row.revoked !== null || Number(row.signed) !== 1 }
}

const SIGNED = `(SELECT COUNT(*) FROM result_keys WHERE kid = ?
  AND (state = 'current' OR (state = 'retired' AND accepted_until > ?)))`

/** Marks the rules as changed, in the transaction that changes them. */
export async function bumpEpoch(sql: Sql, namespace: string): Promise<void> {
  const epoch = (await epochOf(sql, namespace)) + 1
  await writeSetting(sql, epochName(namespace), String(epoch))
}

/** The rules in force, read anew only when their epoch has changed. */
export async function rulesOf(core: Core, sql: Sql, namespace: string): Promise<Rules> {
  const epoch = await epochOf(sql, namespace)
  const known = core.rules.get(namespace, 0)
  if (known?.epoch === epoch) return known
  const rules = await readRules(core, sql, namespace, epoch)
  // Read while someone changed them: what was read may be of either epoch, and is not kept.
  if ((await epochOf(sql, namespace)) === epoch) core.rules.set(namespace, rules, Number.POSITIVE_INFINITY)
  return rules
}

async function readRules(core: Core, sql: Sql, namespace: string, epoch: number): Promise<Rules> {
  const [active] = await sql.all<{ version: number; text: string }>(
    `SELECT v.version, v.text FROM policy_active a
     JOIN policy_versions v ON v.namespace = a.namespace AND v.version = a.version WHERE a.namespace = ?`,
    [namespace],
  )
  const references = await sql.all<{ body: string }>(
    'SELECT body FROM reference_sets WHERE namespace = ? AND deleted IS NULL ORDER BY name',
    [namespace],
  )
  const advisories = await sql.all<{ body: string }>('SELECT body FROM advisories WHERE namespace = ? ORDER BY id', [
    namespace,
  ])
  return {
    epoch,
    policy:
      active === undefined ? undefined : { version: active.version, compiled: await compiledPolicy(core, active.text) },
    references: references.map(({ body }) => readReferenceSet(JSON.parse(body))),
    // Written by `putAdvisory` alone, which checked them.
    advisories: advisories.map(({ body }) => JSON.parse(body) as Advisory),
  }
}

/** The text of one version of a namespace's policy, in force or not. */
export async function policyText(sql: Sql, namespace: string, version: number): Promise<string | undefined> {
  const [row] = await sql.all<{ text: string }>(
    'SELECT text FROM policy_versions WHERE namespace = ? AND version = ?',
    [namespace, version],
  )
  return row?.text
}

const DIGESTS: WeakMap<ReferenceSet, string> = new WeakMap()

/** SHA-256 of a reference set, hex: another as soon as anything in it is. */
export function referenceDigest(set: ReferenceSet): string {
  const known = DIGESTS.get(set)
  if (known !== undefined) return known
  const digest = sha256(canonicalJson(set))
  DIGESTS.set(set, digest)
  return digest
}
