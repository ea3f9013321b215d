import type { Row, Sql } from '../storage/sql.ts'
import type { Acting, BrokerAdmin, PolicyVersion, Reappraised } from './admin-model.ts'
import { changeRules } from './change.ts'
import { type Core, compiledPolicy } from './core.ts'
import { BrokerError } from './model.ts'

const MAX_POLICY = 1024 * 1024

/** See `BrokerAdmin.setPolicy`. */
export async function setPolicy(
  core: Core,
  namespace: string,
  text: string,
  by: Acting & { readonly note?: string; readonly basedOn?: number },
): Promise<{ readonly version: number } & Reappraised> {
  if (text.length > MAX_POLICY) throw new BrokerError('invalid', `policy: at most ${MAX_POLICY} characters`)
  // No database takes it.
  for (const [name, given] of Object.entries({ policy: text, note: by.note }))
    if (given?.includes('\0') === true)
      throw new BrokerError('invalid', `${name}: expected text without a NUL character`)
  const { sha256 } = await compiledPolicy(core, text)
  return changeRules(
    core,
    namespace,
    by,
    ({ version }) => ({ kind: 'policy', version }),
    async (sql) => {
      await checkBase(sql, namespace, by.basedOn)
      const [row] = await sql.all<{ last: number | null }>(
        'SELECT MAX(version) AS last FROM policy_versions WHERE namespace = ?',
        [namespace],
      )
      const version = (row?.last ?? 0) + 1
      await sql.run(
        'INSERT INTO policy_versions (namespace, version, text, sha256, created, created_by, note) VALUES (?, ?, ?, ?, ?, ?, ?)',
        [namespace, version, text, sha256, by.at.getTime(), by.actor, by.note ?? null],
      )
      await activate(sql, namespace, version)
      return {
        result: { version },
        change: { what: 'policy-set', details: { version, sha256 }, policy: { version, sha256 } },
      }
    },
  )
}

/** Nobody overwrites what they have not seen. @throws BrokerError `conflict` */
async function checkBase(sql: Sql, namespace: string, basedOn: number | undefined): Promise<void> {
  if (basedOn === undefined) return
  const [row] = await sql.all<{ version: number }>('SELECT version FROM policy_active WHERE namespace = ?', [namespace])
  const active = row?.version ?? 0
  if (active !== basedOn)
    throw new BrokerError('conflict', `version ${active} of the policy is in force, not version ${basedOn}`)
}

/** See `BrokerAdmin.rollback`. */
export async function rollback(
  core: Core,
  namespace: string,
  version: number,
  by: Acting,
): Promise<{ readonly version: number } & Reappraised> {
  return changeRules(
    core,
    namespace,
    by,
    () => ({ kind: 'policy', version }),
    async (sql) => {
      const [row] = await sql.all<{ sha256: string }>(
        'SELECT sha256 FROM policy_versions WHERE namespace = ? AND version = ?',
        [namespace, version],
      )
      if (row === undefined) throw new BrokerError('not-found', `there is no version ${version} of the policy`)
      await activate(sql, namespace, version)
      const { sha256 } = row
      return {
        result: { version },
        change: { what: 'policy-rolled-back', details: { version, sha256 }, policy: { version, sha256 } },
      }
    },
  )
}

async function activate(sql: Sql, namespace: string, version: number): Promise<void> {
  await sql.run(
    'INSERT INTO policy_active (namespace, version) VALUES (?, ?) ON CONFLICT (namespace) DO UPDATE SET version = excluded.version',
    [namespace, version],
  )
}

/** The policy in force. */
export async function activePolicy(core: Core, namespace: string): ReturnType<BrokerAdmin['policy']> {
  const [row] = await core.db.all<{ version: number; text: string; sha256: string }>(
    `SELECT v.version, v.text, v.sha256 FROM policy_active a
     JOIN policy_versions v ON v.namespace = a.namespace AND v.version = a.version WHERE a.namespace = ?`,
    [namespace],
  )
  return row
}

interface VersionRow extends Row {
  readonly version: number
  readonly sha256: string
  readonly created: number
  readonly created_by: string
  readonly note: string | null
  readonly active: number | null
}

/** All versions, the newest first. */
export async function policyVersions(core: Core, namespace: string): Promise<readonly PolicyVersion[]> {
  const rows = await core.db.all<VersionRow>(
    `SELECT v.version, v.sha256, v.created, v.created_by, v.note, a.version AS active FROM policy_versions v
     LEFT JOIN policy_active a ON a.namespace = v.namespace AND a.version = v.version WHERE v.namespace = ? ORDER BY v.version DESC`,
    [namespace],
  )
  return rows.map(versionOf)
}

function versionOf({ version, sha256, created, created_by, note, active }: VersionRow): PolicyVersion {
  return {
    version,
    sha256,
    created: new Date(created),
    createdBy: created_by,
    active: active !== null,
    ...(note === null ? {} : { note }),
  }
}

/** One version with its text. */
export async function policyVersion(
  core: Core,
  namespace: string,
  version: number,
): ReturnType<BrokerAdmin['policyVersion']> {
  const [row] = await core.db.all<VersionRow & { readonly text: string }>(
    `SELECT v.version, v.sha256, v.created, v.created_by, v.note, v.text, a.version AS active FROM policy_versions v
     LEFT JOIN policy_active a ON a.namespace = v.namespace AND a.version = v.version
     WHERE v.namespace = ? AND v.version = ?`,
    [namespace, version],
  )
  return row === undefined ? undefined : { ...versionOf(row), text: row.text }
}
