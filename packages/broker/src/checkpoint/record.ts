import { encodeEntry, type LogEntry } from '../log/entry.ts'
import type { Sql, SqlValue } from '../storage/sql.ts'
import type { Core } from './core.ts'
import { newId } from './ids.ts'

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
  readonly digests?: { readonly evidence?: string; readonly verdict?: string; readonly collateral?: string }
  readonly referenceSet?: string
  /** What the owner is shown beside; never a secret. */
  readonly body: Readonly<Record<string, unknown>>
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
      const { index } = await core.log.append(sql, encodeEntry(entryOf(decision.id, decision)))
      params.push(...rowOf(decision, index))
    }
    await sql.run(
      `INSERT INTO decisions (id, namespace, at, kind, outcome, resource, appraisal, policy_version, reason_code, body, leaf_index)
       VALUES ${some.map(() => PLACES).join(', ')}`,
      params,
    )
  }
}

function rowOf(decision: DecisionRecord & { readonly id: string }, index: number): readonly SqlValue[] {
  const { id, namespace, at, kind, outcome, resource, appraisal, policy, reason, lease, actor, emulated, body } =
    decision
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
    JSON.stringify({
      ...body,
      // The appraisal may be forgotten before the decision.
      ...(emulated ? { emulated } : {}),
      ...(lease === undefined ? {} : { lease }),
      ...(actor === undefined ? {} : { actor }),
    }),
    index,
  ]
}

function entryOf(id: string, decision: DecisionRecord): LogEntry {
  const { namespace, at, kind, outcome, resource, policy, reason, lease, actor, emulated, digests, referenceSet } =
    decision
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
    ...(policy === undefined ? {} : { policySha256: policy.sha256 }),
    ...(referenceSet === undefined ? {} : { referenceSet }),
    ...(reason === undefined ? {} : { reason }),
    ...(lease === undefined ? {} : { lease }),
    ...(actor === undefined ? {} : { actor }),
  }
}
