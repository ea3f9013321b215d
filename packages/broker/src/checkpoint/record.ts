import { encodeEntry, type LogEntry } from '../log/entry.ts'
import type { Sql, SqlValue } from '../storage/sql.ts'
import { sha256 } from '../verifier/bytes.ts'
import { appraisalDigest } from './appraisals.ts'
import type { Core } from './core.ts'
import { newId } from './ids.ts'
import type { StoredAppraisal } from './state.ts'

/** A decision, as it is recorded: one row, and one leaf of the log. */
export interface DecisionRecord {
  readonly id?: string
  readonly namespace: string
  readonly at: Date
  readonly kind: 'attest' | 'release' | 'renew' | 'revoke' | 'admin'
  readonly outcome: 'released' | 'refused' | 'renewed' | 'revoked' | 'attested' | 'changed'
  readonly resource?: string
  readonly appraisal?: string
  readonly policy?: { readonly version: number; readonly sha256: string }
  readonly reason?: string
  readonly lease?: string
  readonly actor?: string
  readonly emulated: boolean
  /** Of what it rests on: see {@link digestsOf}. */
  readonly digests?: RecordedDigests
  readonly referenceSet?: string
  /** What the owner is shown beside; never a secret. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Digests of what a decision rests on, lower-case hex. */
export interface RecordedDigests {
  readonly appraisal: string
  readonly verdict: string
  readonly evidence?: string
  readonly collateral?: string
}

/** What a leaf says of the appraisal that its decision rests on. */
export function digestsOf(appraisal: StoredAppraisal): RecordedDigests {
  const [primary] = appraisal.grounds
  return {
    appraisal: appraisalDigest(appraisal),
    verdict: appraisal.verdict,
    ...(primary === undefined ? {} : { evidence: primary.evidence, collateral: primary.collateral }),
  }
}

/**
 * Digest of what a decision's row has beside the members of its leaf, byte for byte: whoever reads the row reads what was
 * decided. SHA-256, lower-case hex.
 *
 * @param body as it is stored
 */
export function detailsDigest(row: {
  readonly appraisal: string | null
  readonly policy_version: number | null
  readonly body: string
}): string {
  return sha256(JSON.stringify([row.appraisal, row.policy_version, row.body]))
}

/** Writes a decision and its leaf, in the caller's transaction. @returns its id */
export async function record(core: Core, sql: Sql, decision: DecisionRecord): Promise<string> {
  const id = decision.id ?? newId('dec', decision.at)
  await recordAll(core, sql, [{ ...decision, id }])
  return id
}

const ROWS_AT_ONCE = 50
const PLACES = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'

/** As {@link record}, for many: their rows go together. */
export async function recordAll(
  core: Core,
  sql: Sql,
  decisions: readonly (DecisionRecord & { readonly id: string })[],
): Promise<void> {
  for (let i = 0; i < decisions.length; i += ROWS_AT_ONCE) {
    const some = decisions.slice(i, i + ROWS_AT_ONCE)
    const params: SqlValue[] = []
    for (const decision of some) {
      const body = bodyText(decision)
      const { index } = await core.log.append(sql, encodeEntry(entryOf(decision.id, decision, body)))
      params.push(...rowOf(decision, body, index))
    }
    await sql.run(
      `INSERT INTO decisions (id, namespace, at, kind, outcome, resource, appraisal, policy_version, reason_code, body, leaf_index)
       VALUES ${some.map(() => PLACES).join(', ')}`,
      params,
    )
  }
}

function bodyText({ body, emulated, lease, actor }: DecisionRecord): string {
  return JSON.stringify({
    ...body,
    // The appraisal may be forgotten before the decision.
    ...(emulated ? { emulated } : {}),
    ...(lease === undefined ? {} : { lease }),
    ...(actor === undefined ? {} : { actor }),
  })
}

function rowOf(decision: DecisionRecord & { readonly id: string }, body: string, index: number): readonly SqlValue[] {
  const { id, namespace, at, kind, outcome, resource, appraisal, policy, reason } = decision
  return [
    id,
    namespace,
    at.getTime(),
    kind,
    outcome,
    resource ?? null,
    appraisal ?? null,
    policy?.version ?? null,
    reason ?? null,
    body,
    index,
  ]
}

function entryOf(id: string, decision: DecisionRecord, body: string): LogEntry {
  const {
    appraisal = null,
    namespace,
    at,
    kind,
    outcome,
    resource,
    policy,
    reason,
    lease,
    actor,
    emulated,
    digests,
    referenceSet,
  } = decision
  return {
    type: kind,
    id,
    at: at.toISOString(),
    namespace,
    outcome,
    emulated,
    ...(resource === undefined ? {} : { resource }),
    ...(digests?.evidence === undefined ? {} : { evidenceSha256: digests.evidence }),
    ...(digests?.verdict === undefined ? {} : { verdictSha256: digests.verdict }),
    ...(digests?.collateral === undefined ? {} : { collateralSha256: digests.collateral }),
    ...(digests === undefined ? {} : { appraisalSha256: digests.appraisal }),
    detailsSha256: detailsDigest({ appraisal, policy_version: policy?.version ?? null, body }),
    ...(policy === undefined ? {} : { policySha256: policy.sha256 }),
    ...(referenceSet === undefined ? {} : { referenceSet }),
    ...(reason === undefined ? {} : { reason }),
    ...(lease === undefined ? {} : { lease }),
    ...(actor === undefined ? {} : { actor }),
  }
}
