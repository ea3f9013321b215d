import type { Sql } from '../storage/sql.ts'
import { loadAppraisal, storedBytes } from './appraisals.ts'
import type { Core } from './core.ts'
import { readDecision } from './inspect.ts'
import type { KeptBytes, RecordedEvidence, RecordedPiece } from './recorded-model.ts'
import { refusedBytes } from './refused-evidence.ts'
import type { Grounds, StoredAppraisal } from './state.ts'

/**
 * The evidence and endorsements that a decision rests on, byte for byte as they were judged. Undefined for a decision of
 * another namespace; without pieces for one that rests on no evidence, or on an appraisal that was forgotten.
 */
export async function recordedEvidence(
  core: Core,
  namespace: string,
  id: string,
): Promise<RecordedEvidence | undefined> {
  const row = await readDecision(core, namespace, id)
  if (row === undefined) return undefined
  const appraisal = row.appraisal === null ? undefined : await appraisalOf(core, namespace, row.appraisal)
  return {
    decision: id,
    appraisal: appraisal?.id ?? row.appraisal ?? '',
    judgedAt: new Date(appraisal?.at ?? row.at),
    emulated: appraisal?.emulated ?? false,
    verdictSha256: appraisal?.verdict ?? '',
    pieces: appraisal === undefined ? [] : await piecesOf(core.db, appraisal),
  }
}

/** An appraisal of a namespace; undefined for one that was forgotten. */
export async function appraisalOf(core: Core, namespace: string, id: string): Promise<StoredAppraisal | undefined> {
  const found = await loadAppraisal(core, core.db, id)
  return found?.namespace === namespace ? found : undefined
}

/** What an appraisal rests on, piece by piece. */
export async function piecesOf(sql: Sql, { grounds }: StoredAppraisal): Promise<readonly RecordedPiece[]> {
  const pieces: RecordedPiece[] = []
  for (const [i, one] of grounds.entries()) pieces.push(await pieceOf(sql, one, i))
  return pieces
}

async function pieceOf(sql: Sql, grounds: Grounds, i: number): Promise<RecordedPiece> {
  const { tee, expect, reference } = grounds
  const kept = async (sha256: string): Promise<KeptBytes> => ({ sha256, bytes: await keptBytes(sql, sha256) })
  return {
    name: pieceName(tee, i),
    tee,
    evidence: await kept(grounds.evidence),
    ...(grounds.eventLog === undefined ? {} : { eventLog: await kept(grounds.eventLog) }),
    collateral: await kept(grounds.collateral),
    expect,
    ...(reference === undefined ? {} : { reference }),
  }
}

/** As verdicts name the pieces of an appraisal, in order. */
export function pieceName(tee: string, i: number): string {
  return i === 0 ? 'cpu-0' : `${tee}-${i - 1}`
}

/** What releases rest on is kept for good, what refusals rest on for a while: bytes may be in either place. */
async function keptBytes(sql: Sql, digest: string): Promise<Uint8Array | undefined> {
  return (await storedBytes(sql, digest)) ?? (await refusedBytes(sql, digest))
}
