import type { Sql, SqlValue } from '../storage/sql.ts'
import type { JudgedEvidence } from './appraisals.ts'
import type { StoredAppraisal } from './state.ts'

/**
 * Bytes that are kept of one piece of refused evidence, and of its event log; of more, only the digest. Anybody may
 * send what is refused: it must not fill the disk.
 */
export const KEPT_OF_REFUSED: number = 32 * 1024

/** Bytes that a row costs beside what it holds, about. */
const ROW = 256

/**
 * Stores what a refusal rests on, and its verdict, each under its digest, in a table of its own: nothing that a release
 * rests on is there, so that it can be forgotten. Whatever comes again counts as new.
 */
export async function storeRefused(
  sql: Sql,
  judged: readonly JudgedEvidence[],
  verdict: { readonly text: string; readonly sha256: string },
  appraisal: StoredAppraisal,
  at: Date,
): Promise<void> {
  const parts = new Map<string, { readonly bytes: Uint8Array; readonly more: number }>()
  const add = (digest: string | undefined, bytes: Uint8Array | undefined): void => {
    if (digest !== undefined && bytes !== undefined && bytes.length <= KEPT_OF_REFUSED)
      parts.set(digest, { bytes, more: ROW })
  }
  for (const { received, collateral, grounds } of judged) {
    add(grounds.evidence, received.evidence)
    add(grounds.eventLog, received.eventLog)
    add(collateral.sha256, collateral.bytes)
  }
  // The appraisal goes with its verdict, and counts with it.
  parts.set(verdict.sha256, { bytes: Buffer.from(verdict.text), more: ROW + JSON.stringify(appraisal).length })
  const params: readonly SqlValue[] = [...parts].flatMap(([digest, { bytes, more }]) => [
    digest,
    bytes,
    bytes.length + more,
    at.getTime(),
  ])
  await sql.run(
    `INSERT INTO refused_evidence (sha256, bytes, size, seen) VALUES ${Array(parts.size).fill('(?, ?, ?, ?)').join(', ')}
     ON CONFLICT (sha256) DO UPDATE SET seen = excluded.seen`,
    params,
  )
}

/** Bytes of a refused attestation by their digest. */
export async function refusedBytes(sql: Sql, digest: string): Promise<Uint8Array | undefined> {
  const [row] = await sql.all<{ bytes: Uint8Array }>('SELECT bytes FROM refused_evidence WHERE sha256 = ?', [digest])
  return row?.bytes
}

/** How much is kept of what was refused. */
export interface RefusedKept {
  readonly bytes: number
  /** When the oldest of it came last; undefined when there is nothing. Milliseconds since 1970. */
  readonly oldest: number | undefined
}

/** Counts what is kept of refused attestations. */
export async function refusedKept(sql: Pick<Sql, 'all'>): Promise<RefusedKept> {
  const [row] = await sql.all<{ bytes: number | null; oldest: number | null }>(
    'SELECT CAST(SUM(size) AS BIGINT) AS bytes, MIN(seen) AS oldest FROM refused_evidence',
  )
  return { bytes: row?.bytes ?? 0, oldest: row?.oldest ?? undefined }
}

/**
 * Forgets refused attestations in a transaction: what came last before `cutoff`, and the oldest of the rest until `excess`
 * bytes are gone, with the appraisals whose verdicts they are. At most `most` rows.
 *
 * @returns how many rows went, and how many bytes
 */
export async function forgetRefused(
  sql: Sql,
  { cutoff, excess, most }: { readonly cutoff: number; readonly excess: number; readonly most: number },
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const oldest = await sql.all<{ sha256: string; size: number; seen: number }>(
    `SELECT sha256, size, seen FROM refused_evidence ORDER BY seen LIMIT ${most}`,
  )
  const gone: string[] = []
  let bytes = 0
  for (const { sha256, size, seen } of oldest) {
    if (seen >= cutoff && bytes >= excess) break
    gone.push(sha256)
    bytes += size
  }
  if (gone.length === 0) return { rows: 0, bytes: 0 }
  const places = gone.map(() => '?').join(', ')
  await sql.run(`DELETE FROM refused_evidence WHERE sha256 IN (${places})`, gone)
  await sql.run(`DELETE FROM appraisals WHERE verdict_sha256 IN (${places}) AND outcome <> 'verified'`, gone)
  return { rows: gone.length, bytes }
}
