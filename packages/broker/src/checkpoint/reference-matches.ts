import { type MetValues, readReferenceSet } from '@sekisho/appraisal'
import { canonicalJson } from '@sekisho/evidence'
import type { Row, Sql } from '../storage/sql.ts'
import type { Core } from './core.ts'
import { referenceDigest } from './rules.ts'

/** A reference set that evidence met. */
export interface Met {
  readonly name: string
  /** Of the set as it was then, `referenceDigest`. */
  readonly sha256: string
  readonly values: MetValues
}

/** What is stored of matches, beside the set. */
export interface MatchedRow extends Row {
  readonly body: string
  readonly last_matched: number | null
  readonly matched_values: string | null
}

const NOTE_EVERY_MS = 60_000

/** Notes that evidence which passed met a set. When is of interest by the day, not by the request. */
export async function noteMatch(core: Core, sql: Sql, namespace: string, met: Met, at: Date): Promise<void> {
  const now = at.getTime()
  const what = `${met.sha256} ${canonicalJson(met.values)}`
  if (core.noted.get(noteKey(namespace, met.name), now) === what) return
  const [row] = await sql.all<MatchedRow>(
    'SELECT body, last_matched, matched_values FROM reference_sets WHERE namespace = ? AND name = ? AND deleted IS NULL',
    [namespace, met.name],
  )
  // Replaced while the evidence was judged: it met another one.
  if (row === undefined || referenceDigest(readReferenceSet(JSON.parse(row.body))) !== met.sha256) return
  core.noted.set(noteKey(namespace, met.name), what, now + NOTE_EVERY_MS)
  const known = metBefore(row)
  const values: Record<string, readonly string[]> = { ...known }
  for (const [member, seen] of Object.entries(met.values))
    values[member] = [...new Set([...(known[member] ?? []), ...seen])].sort()
  const isKnown = canonicalJson(values) === canonicalJson(known)
  if (isKnown && row.last_matched !== null && row.last_matched >= now - NOTE_EVERY_MS) return
  await sql.run('UPDATE reference_sets SET last_matched = ?, matched_values = ? WHERE namespace = ? AND name = ?', [
    Math.max(now, row.last_matched ?? 0),
    JSON.stringify(values),
    namespace,
    met.name,
  ])
}

/** A set that was written or removed: the next match is noted at once. */
export function forgetNote(core: Core, namespace: string, name: string): void {
  core.noted.take(noteKey(namespace, name), 0)
}

function noteKey(namespace: string, name: string): string {
  return `${namespace} ${name}`
}

/** Of members that accept several values, those that evidence met so far. */
export function metBefore({ matched_values: text }: Pick<MatchedRow, 'matched_values'>): MetValues {
  return text === null ? {} : (JSON.parse(text) as MetValues)
}
