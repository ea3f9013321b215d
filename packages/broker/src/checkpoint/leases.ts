import { isSecret } from '../access/secret-text.ts'
import type { Row, Sql } from '../storage/sql.ts'
import type { Acting } from './admin-model.ts'
import { loadAppraisal } from './appraisals.ts'
import type { Core } from './core.ts'
import { addEvents, announce, type LeaseEnd } from './events.ts'
import { revokeAppraisal } from './fate.ts'
import { newId } from './ids.ts'
import type { LeaseState } from './model.ts'
import { digestsOf, record } from './record.ts'

/** A lease as its row has it. */
export interface LeaseRow extends Row {
  readonly id: string
  readonly namespace: string
  readonly resource: string
  readonly appraisal: string
  readonly decision: string
  readonly holder_key_sha256: string
  readonly secret_hash: string
  readonly created: number
  readonly expires: number
  readonly state: string
  readonly ended: number | null
  readonly ended_reason: string | null
  /** Of the appraisal that it rests on. */
  readonly tee: string
  readonly product: string | null
  readonly hardware_id: string | null
  readonly reference_set: string | null
  readonly emulated: number
}

const SELECT = `SELECT l.id, l.namespace, l.resource, l.appraisal, l.decision, l.holder_key_sha256, l.secret_hash, l.created,
  l.expires, l.state, l.ended, l.ended_reason, a.tee, a.product, a.hardware_id, a.reference_set, a.emulated
  FROM leases l JOIN appraisals a ON a.id = l.appraisal`

/** A lease by its id. */
export async function readLease(sql: Sql, id: string): Promise<LeaseRow | undefined> {
  if (!/^lse_[0-9a-z]{26}$/.test(id)) return undefined
  const [row] = await sql.all<LeaseRow>(`${SELECT} WHERE l.id = ?`, [id])
  return row
}

/** Whether `secret` is the lease's, compared in constant time. */
export function holds(lease: LeaseRow, secret: string): boolean {
  return isSecret(secret, Buffer.from(lease.secret_hash, 'hex'))
}

/** A lease as it stands at a time: one whose time is over has expired, whether or not somebody wrote that down. */
export function stateOf(row: LeaseRow, at: Date): LeaseState {
  const over = row.state === 'live' && row.expires < at.getTime()
  const ended = over ? row.expires : row.ended
  return {
    id: row.id,
    namespace: row.namespace,
    resource: row.resource,
    // Rows are written by this package alone.
    state: over ? 'expired' : (row.state as LeaseState['state']),
    created: new Date(row.created),
    expires: new Date(row.expires),
    appraisal: row.appraisal,
    decision: row.decision,
    tee: row.tee as LeaseState['tee'],
    emulated: row.emulated === 1,
    ...(row.product === null ? {} : { product: row.product }),
    ...(row.hardware_id === null ? {} : { hardwareId: row.hardware_id }),
    ...(row.reference_set === null ? {} : { referenceSet: row.reference_set }),
    ...(ended === null ? {} : { ended: new Date(ended) }),
    ...(row.ended_reason === null ? {} : { endedReason: row.ended_reason }),
  }
}

/** How a lease ended; undefined while it has not, and for none. */
export async function endOf(sql: Sql, id: string): Promise<LeaseEnd | undefined> {
  const row = await readLease(sql, id)
  if (row === undefined || row.state === 'live') return undefined
  const { resource, ended, ended_reason: reason } = row
  return {
    kind: `lease-${row.state}`,
    at: new Date(ended ?? row.expires),
    body: { lease: id, resource, ...(row.state === 'revoked' && reason !== null ? { reason } : {}) },
  }
}

const MAX_LISTED = 1000
const LISTED = 100

/** Leases of a namespace, the newest first. */
export async function listLeases(
  core: Core,
  namespace: string,
  o: { readonly state?: LeaseState['state']; readonly after?: string; readonly limit?: number },
): Promise<readonly LeaseState[]> {
  const filters = [
    'l.namespace = ?',
    ...(o.state === undefined ? [] : ['l.state = ?']),
    ...(o.after === undefined ? [] : ['l.id < ?']),
  ]
  const params = [namespace, ...(o.state === undefined ? [] : [o.state]), ...(o.after === undefined ? [] : [o.after])]
  const limit = Math.min(Math.max(o.limit ?? LISTED, 1), MAX_LISTED)
  const rows = await core.db.all<LeaseRow>(
    `${SELECT} WHERE ${filters.join(' AND ')} ORDER BY l.id DESC LIMIT ${limit}`,
    params,
  )
  return rows.map((row) => stateOf(row, new Date(0)))
}

const MAX_REASON = 256

/** Ends a live lease, and what it was granted on: the same attestation gets nothing more. */
export async function revokeLease(
  core: Core,
  namespace: string,
  id: string,
  { actor, at, reason = 'revoked by an operator' }: Acting & { readonly reason?: string },
): Promise<boolean> {
  // No database takes a NUL, and a lease is to end whatever is said of it.
  const said = reason.slice(0, MAX_REASON).replaceAll('\0', '\ufffd')
  const done = await core.db.transaction(async (sql) => {
    const lease = await readLease(sql, id)
    if (lease === undefined || lease.namespace !== namespace) return false
    const changed = await sql.run(
      `UPDATE leases SET state = 'revoked', ended = ?, ended_reason = ? WHERE id = ? AND state = 'live' AND expires >= ?`,
      [at.getTime(), said, id, at.getTime()],
    )
    if (changed !== 1) return false
    await revokeAppraisal(sql, lease.appraisal, at)
    const appraisal = await loadAppraisal(core, sql, lease.appraisal)
    const decision = await record(core, sql, {
      id: newId('dec', at),
      namespace,
      at,
      kind: 'revoke',
      outcome: 'revoked',
      resource: lease.resource,
      appraisal: lease.appraisal,
      ...(appraisal === undefined ? {} : { digests: digestsOf(appraisal) }),
      lease: id,
      reason: 'operator',
      actor,
      emulated: lease.emulated === 1,
      body: { reasons: [said] },
    })
    await addEvents(sql, namespace, at, [
      { kind: 'lease-revoked', body: { lease: id, resource: lease.resource, reason: said, decision } },
    ])
    return true
  })
  if (done) await announce(core, namespace)
  return done
}

const BATCH = 500

/** Writes down which leases are over. @returns how many */
export async function expireLeases(core: Core, at: Date): Promise<number> {
  let expired = 0
  for (;;) {
    const namespaces = await core.db.transaction(async (sql) => {
      const rows = await sql.all<{ id: string; namespace: string; resource: string }>(
        `UPDATE leases SET state = 'expired', ended = expires, ended_reason = 'expired'
         WHERE id IN (SELECT id FROM leases WHERE state = 'live' AND expires < ? LIMIT ${BATCH})
         RETURNING id, namespace, resource`,
        [at.getTime()],
      )
      for (const { id, namespace, resource } of rows)
        await addEvents(sql, namespace, at, [{ kind: 'lease-expired', body: { lease: id, resource } }])
      return rows.map(({ namespace }) => namespace)
    })
    expired += namespaces.length
    for (const namespace of new Set(namespaces)) await announce(core, namespace)
    if (namespaces.length < BATCH) return expired
  }
}
