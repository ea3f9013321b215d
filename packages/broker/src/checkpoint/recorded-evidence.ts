import { isRecord } from '../json.ts'
import { StorageError } from '../storage/errors.ts'
import type { Sql } from '../storage/sql.ts'
import { readAppraisal, storedBytes } from './appraisals.ts'
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

/**
 * An appraisal of a namespace as the database has it at this moment; undefined for one that was forgotten.
 *
 * @throws StorageError `corrupt` for one that this package did not write
 */
export async function appraisalOf(core: Core, namespace: string, id: string): Promise<StoredAppraisal | undefined> {
  const found = await readAppraisal(core.db, id).catch((error: unknown) => {
    if (error instanceof SyntaxError) throw altered(id)
    throw error
  })
  if (found === undefined || found.namespace !== namespace) return undefined
  if (!isRead(found)) throw altered(id)
  return found
}

function altered(id: string): StorageError {
  return new StorageError('corrupt', `the appraisal ${id} is not what was stored`)
}

/** Whether what is read of a row has the form that judging it again needs. */
function isRead({ at, grounds }: { readonly at: unknown; readonly grounds: unknown }): boolean {
  return (
    Number.isFinite(new Date(Number(at)).getTime()) &&
    Array.isArray(grounds) &&
    grounds.length > 0 &&
    grounds.every(isGrounds)
  )
}

function isGrounds(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { tee, evidence, collateral, eventLog = '', reference = '', expect, bound } = value
  const texts = [tee, evidence, collateral, eventLog, reference]
  return texts.every((one) => typeof one === 'string') && isRecord(expect) && isRecord(bound)
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
