import type { Acting } from '../checkpoint/admin-model.ts'
import { recordChange } from '../checkpoint/change.ts'
import type { Core } from '../checkpoint/core.ts'
import { addEvents, announce } from '../checkpoint/events.ts'
import { revokeAppraisal } from '../checkpoint/fate.ts'
import { BrokerError } from '../checkpoint/model.ts'
import { pending, reappraise } from '../checkpoint/reappraise.ts'
import type { Grounds } from '../checkpoint/state.ts'
import type { Sql, SqlValue } from '../storage/sql.ts'
import { activate, enrol } from './enrol.ts'
import { KEY_COLUMNS, type KeyRow, keyOf } from './enrolled-keys.ts'
import type { EnrolledKey, TpmKeys } from './model.ts'

const LISTED = 100
const MAX_LISTED = 1000

/** What the checkpoint knows of TPMs' keys. */
export function tpmKeysOf(core: Core): TpmKeys {
  return {
    enrol: (request) => enrol(core, request),
    activate: (request) => activate(core, request),
    list: (namespace, o = {}) => list(core, namespace, o),
    revoke: (namespace, akName, by) => revoke(core, namespace, akName, by),
    readmit: (namespace, akName, by) => readmit(core, namespace, akName, by),
  }
}

async function list(
  core: Core,
  namespace: string,
  { after = '', limit = LISTED }: { readonly after?: string; readonly limit?: number },
): Promise<readonly EnrolledKey[]> {
  const rows = await core.db.all<KeyRow>(
    `SELECT ${KEY_COLUMNS} FROM tpm_keys WHERE namespace = ? AND ak_name > ? ORDER BY ak_name
     LIMIT ${Math.min(Math.max(limit, 1), MAX_LISTED)}`,
    [namespace, after],
  )
  return rows.map(keyOf)
}

async function revoke(core: Core, namespace: string, akName: string, by: Acting): ReturnType<TpmKeys['revoke']> {
  const keys = await core.db.transaction(async (sql) => {
    const changed = await changeTpm(sql, namespace, akName, (tpm) =>
      sql.run(`UPDATE tpm_keys SET revoked = ?, revoked_by = ? WHERE ${tpm.where} AND revoked IS NULL`, [
        by.at.getTime(),
        by.actor,
        ...tpm.params,
      ]),
    )
    await revokeRecent(sql, namespace, by.at, core.limits.tokenSeconds * 1000)
    await pending(sql, namespace, { kind: 'tpm-key', name: akName })
    await note(core, sql, namespace, by, { what: 'tpm-key-revoked', akName, keys: changed })
    return changed
  })
  await announce(core, namespace)
  return { keys, ...(await reappraise(core, namespace, { kind: 'tpm-key', name: akName }, by.at)) }
}

/** Results of these keys that are good for a release still: leases come later, these would otherwise slip through. */
async function revokeRecent(sql: Sql, namespace: string, at: Date, goodForMs: number): Promise<void> {
  const now = at.getTime()
  const rows = await sql.all<{ id: string; body: string }>(
    `SELECT id, body FROM appraisals WHERE namespace = ? AND at >= ? AND expires >= ? AND revoked IS NULL
     AND body LIKE '%"enrolledKey"%'`,
    [namespace, now - goodForMs, now],
  )
  const revoked = new Set(
    (
      await sql.all<{ ak_name: string }>('SELECT ak_name FROM tpm_keys WHERE namespace = ? AND revoked IS NOT NULL', [
        namespace,
      ])
    ).map(({ ak_name }) => ak_name),
  )
  for (const { id, body } of rows) {
    // Written by this package alone.
    const { grounds } = JSON.parse(body) as { readonly grounds: readonly Pick<Grounds, 'enrolledKey'>[] }
    if (grounds.some(({ enrolledKey }) => enrolledKey !== undefined && revoked.has(enrolledKey)))
      await revokeAppraisal(sql, id, at)
  }
}

async function readmit(core: Core, namespace: string, akName: string, by: Acting): ReturnType<TpmKeys['readmit']> {
  const keys = await core.db.transaction(async (sql) => {
    // Forgotten, not restored: the machine proves anew that it holds its keys.
    const changed = await changeTpm(sql, namespace, akName, (tpm) =>
      sql.run(`DELETE FROM tpm_keys WHERE ${tpm.where} AND revoked IS NOT NULL`, tpm.params),
    )
    await note(core, sql, namespace, by, { what: 'tpm-readmitted', akName, keys: changed })
    return changed
  })
  await announce(core, namespace)
  return { keys }
}

/** Changes all keys of the TPM that a key is of. @throws BrokerError `not-found` when there is nothing to change */
async function changeTpm(
  sql: Sql,
  namespace: string,
  akName: string,
  change: (tpm: { readonly where: string; readonly params: readonly SqlValue[] }) => Promise<number>,
): Promise<number> {
  const [row] = await sql.all<{ ek_sha256: string }>(
    'SELECT ek_sha256 FROM tpm_keys WHERE namespace = ? AND ak_name = ?',
    [namespace, akName],
  )
  const changed =
    row === undefined
      ? 0
      : await change({ where: 'namespace = ? AND ek_sha256 = ?', params: [namespace, row.ek_sha256] })
  if (changed === 0) throw new BrokerError('not-found', 'there is no such key in this state in this namespace')
  return changed
}

async function note(
  core: Core,
  sql: Sql,
  namespace: string,
  by: Acting,
  { what, akName, keys }: { readonly what: string; readonly akName: string; readonly keys: number },
): Promise<void> {
  const decision = await recordChange(core, sql, namespace, by, { what, details: { akName, keys } })
  await addEvents(sql, namespace, by.at, [{ kind: what, body: { akName, keys, decision } }])
}
