import type { JsonWebKey } from 'node:crypto'
import type { PolicyContext } from '@sekisho/appraisal'
import { canonicalJson, type Verdict } from '@sekisho/evidence'
import type { Row, Sql, SqlValue } from '../storage/sql.ts'
import { sha256 } from '../verifier/bytes.ts'
import type { KeptCollateral, Received } from '../verifier/model.ts'
import type { Core } from './core.ts'
import type { Met } from './reference-matches.ts'
import type { Grounds, StoredAppraisal } from './state.ts'
import { type VerdictText, type VerdictWriter, verdictWriter } from './verdict-text.ts'

/** What the verifier was given and found, for one piece of evidence. */
export interface JudgedEvidence {
  readonly name: string
  readonly received: Received
  readonly verdict: Verdict
  readonly collateral: KeptCollateral
  readonly grounds: Grounds
  /** What is wrong beside the verdict, in a plain sentence. */
  readonly fault?: string
  /** Why endorsements of it could not be had, in the words of their source. */
  readonly missing?: string
  /** Why no reference set is met, in a plain sentence; for where the verdict names nothing. */
  readonly unmet?: string
  /** The reference set that is met, with what it met of it. */
  readonly met?: Met
}

interface AppraisalRow extends Row {
  readonly id: string
  readonly namespace: string
  readonly at: number
  readonly session: string | null
  readonly verdict_sha256: string
  readonly outcome: string
  readonly status: string
  readonly emulated: number
  readonly context: string
  readonly tee_key: string | null
  readonly expires: number
  readonly body: string
}

const COLUMNS = 'id, namespace, at, session, verdict_sha256, outcome, status, emulated, context, tee_key, expires, body'

/** An appraisal by its id. Whether it was revoked is another question, asked each time. */
export async function loadAppraisal(core: Core, sql: Sql, id: string): Promise<StoredAppraisal | undefined> {
  const known = core.appraisals.get(id, 0)
  if (known !== undefined) return known
  const appraisal = await readAppraisal(sql, id)
  if (appraisal === undefined) return undefined
  core.appraisals.set(id, appraisal, Number.POSITIVE_INFINITY)
  return appraisal
}

/** An appraisal as the database has it at this moment, whatever is remembered of it. @throws SyntaxError where a column is no JSON */
export async function readAppraisal(sql: Sql, id: string): Promise<StoredAppraisal | undefined> {
  const [row] = await sql.all<AppraisalRow>(`SELECT ${COLUMNS} FROM appraisals WHERE id = ? LIMIT 1`, [id])
  return row === undefined ? undefined : fromRow(row)
}

/** Several appraisals by their ids, as the database has them at this moment. @throws SyntaxError where a column is no JSON */
export async function readAppraisals(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, StoredAppraisal>> {
  if (ids.length === 0) return new Map()
  const places = ids.map(() => '?').join(', ')
  const rows = await sql.all<AppraisalRow>(`SELECT ${COLUMNS} FROM appraisals WHERE id IN (${places})`, ids)
  return new Map(rows.map((row) => [row.id, fromRow(row)]))
}

const APPRAISAL_DIGESTS: WeakMap<StoredAppraisal, string> = new WeakMap()

/**
 * SHA-256, lower-case hex, over all that is stored of an appraisal and never changes: its grounds with everything that was
 * expected, the key of the workload, and what policies see.
 */
export function appraisalDigest(one: StoredAppraisal): string {
  const known = APPRAISAL_DIGESTS.get(one)
  if (known !== undefined) return known
  const { id, namespace, at, expires, session, verdict, outcome, authenticity, emulated, status } = one
  const { context, teeKey, holder, grounds } = one
  // A list, in this order: members keep theirs when they are stored as JSON and read again.
  const digest = sha256(
    JSON.stringify([
      ...[id, namespace, at, expires, session ?? null, verdict, outcome, authenticity, emulated, status],
      ...[context, teeKey ?? null, holder ?? null, grounds],
    ]),
  )
  APPRAISAL_DIGESTS.set(one, digest)
  return digest
}

/** Reads a row with all of {@link COLUMNS}. Rows are written by {@link storeAppraisal} alone. */
function fromRow(row: AppraisalRow): StoredAppraisal {
  const body = JSON.parse(row.body) as {
    authenticity: Verdict['authenticity']
    grounds: readonly Grounds[]
    holder?: string
  }
  return {
    id: row.id,
    namespace: row.namespace,
    at: row.at,
    expires: row.expires,
    session: row.session ?? undefined,
    verdict: row.verdict_sha256,
    outcome: row.outcome as Verdict['outcome'],
    authenticity: body.authenticity,
    emulated: row.emulated === 1,
    status: row.status,
    context: JSON.parse(row.context) as PolicyContext,
    teeKey: row.tee_key === null ? undefined : (JSON.parse(row.tee_key) as JsonWebKey),
    holder: body.holder,
    grounds: body.grounds,
  }
}

/** Stores everything that a judgement rests on, and the verdict, each under its digest, for good. */
export async function storeGrounds(
  core: Core,
  sql: Sql,
  judged: readonly JudgedEvidence[],
  verdict: VerdictText,
  at: Date,
): Promise<void> {
  for (const { received, collateral, grounds } of judged) {
    await storeBytes(core, sql, grounds.evidence, received.evidence, at)
    await storeBytes(core, sql, collateral.sha256, collateral.bytes, at)
    const { eventLog } = received
    if (grounds.eventLog !== undefined && eventLog !== undefined)
      await storeBytes(core, sql, grounds.eventLog, eventLog, at)
  }
  await storeVerdict(core, sql, verdict)
}

async function storeVerdict(core: Core, sql: Sql, { sha256: digest, text, difference }: VerdictText): Promise<void> {
  if (difference === undefined) {
    await sql.run('INSERT INTO verdicts (sha256, body) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING', [digest, text])
    return
  }
  const { template, holes } = difference
  // What was stored once may have been forgotten since, by whatever process: a verdict goes beside its template or not at all.
  const insert = (): Promise<number> => sql.run(INSERT_DIFFERENCE, [digest, holes, template.sha256])
  if (core.stored.get(template.sha256, 0) === true && (await insert()) === 1) return
  await sql.run('INSERT INTO verdict_templates (sha256, body) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING', [
    template.sha256,
    template.body,
  ])
  await insert()
}

const INSERT_DIFFERENCE = `INSERT INTO verdicts (sha256, body, template)
  SELECT ?, ?, sha256 FROM verdict_templates WHERE sha256 = ? ON CONFLICT (sha256) DO NOTHING`

/** Stores bytes under their digest, unless they are known to be stored. */
export async function storeBytes(core: Core, sql: Sql, digest: string, bytes: Uint8Array, at: Date): Promise<void> {
  if (core.stored.get(digest, 0) === true) return
  await sql.run('INSERT INTO evidence (sha256, bytes, created) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING', [
    digest,
    bytes,
    at.getTime(),
  ])
}

/** Bytes by their digest. */
export async function storedBytes(sql: Sql, digest: string): Promise<Uint8Array | undefined> {
  const [row] = await sql.all<{ bytes: Uint8Array }>('SELECT bytes FROM evidence WHERE sha256 = ?', [digest])
  return row?.bytes
}

/** Remembers which shared parts are stored, once the transaction is on disk. */
export function rememberStored(core: Core, judged: readonly JudgedEvidence[], { difference }: VerdictText): void {
  for (const { collateral } of judged) core.stored.set(collateral.sha256, true, Number.POSITIVE_INFINITY)
  if (difference !== undefined) core.stored.set(difference.template.sha256, true, Number.POSITIVE_INFINITY)
}

/** A verdict as it is stored where it has nothing in common with others. */
export function wholeText(verdict: Verdict): VerdictText {
  const text = canonicalJson(verdict)
  return { text, sha256: sha256(text) }
}

/** A verdict as it is stored. */
export function verdictText(core: Core, verdict: Verdict): VerdictText {
  return writerOf(core, verdict.tee)(verdict)
}

/** One for each TEE, whose verdicts are alike. */
function writerOf({ writers }: Core, tee: Verdict['tee']): VerdictWriter {
  const known = writers.get(tee)
  if (known !== undefined) return known
  const made = verdictWriter()
  writers.set(tee, made)
  return made
}

/** Writes an appraisal. Its grounds are stored by {@link storeGrounds}. */
export async function storeAppraisal(sql: Sql, appraisal: StoredAppraisal): Promise<void> {
  const { context, teeKey, grounds, authenticity, holder } = appraisal
  const [primary] = grounds
  const values: readonly SqlValue[] = [
    appraisal.id,
    appraisal.namespace,
    appraisal.at,
    appraisal.session ?? null,
    primary?.evidence ?? '',
    appraisal.verdict,
    primary?.collateral ?? null,
    context.tee,
    searchable(context.product),
    searchable(context.hardwareId),
    context.tcb.status ?? null,
    JSON.stringify(context.tcb.advisories),
    appraisal.outcome,
    appraisal.status,
    appraisal.emulated ? 1 : 0,
    JSON.stringify(context),
    teeKey === undefined ? null : JSON.stringify(teeKey),
    primary?.reference ?? null,
    context.vendor,
    appraisal.expires,
    JSON.stringify({ authenticity, byFiles: filesOf(grounds), grounds, holder }),
  ]
  await sql.run(INSERT_APPRAISAL, values)
}

/** The files by which all was judged that files vouch for; undefined where they were replaced in between. */
function filesOf(grounds: readonly Grounds[]): string | undefined {
  const [one, another] = new Set(grounds.flatMap(({ files }) => files ?? []))
  return another === undefined ? one : undefined
}

// Evidence chooses its texts, and a database takes none with a NUL; whole they are in the context, as JSON.
function searchable(text: string | undefined): string | null {
  return text?.replaceAll('\0', '\ufffd') ?? null
}

const INSERT_APPRAISAL = `INSERT INTO appraisals (id, namespace, at, session, evidence_sha256, verdict_sha256,
  collateral_sha256, tee, product, hardware_id, tcb_status, advisories, outcome, status, emulated, context, tee_key,
  reference_set, vendor, expires, body) VALUES (${Array(21).fill('?').join(', ')})`
