import { type ReferenceSet, readReferenceSet } from '@sekisho/appraisal'
import type { Tee } from '@sekisho/evidence'
import type { Row, Sql } from '../storage/sql.ts'
import { generateKeyMaterial } from '../vault/key-material.ts'
import { readAdvisory } from './advisories.ts'
import { type Core, compiledPolicy } from './core.ts'
import { addEvents, announce } from './events.ts'
import {
  type Acting,
  type Advisory,
  type BrokerAdmin,
  BrokerError,
  type Cause,
  type PolicyVersion,
  type Reappraised,
  type StoredReference,
} from './model.ts'
import { checkNamespace, isResource } from './names.ts'
import { pending, reappraise } from './reappraise.ts'
import { record } from './record.ts'
import { bumpEpoch } from './rules.ts'

interface Change {
  readonly what: string
  readonly details: Readonly<Record<string, unknown>>
  readonly policy?: { readonly version: number; readonly sha256: string }
  readonly resource?: string
}

/** What administrators do: each act is one transaction with its leaf; what live leases rest on is looked at again after it. */
export function adminOf(core: Core): BrokerAdmin {
  return {
    createNamespace: (name, by) => createNamespace(core, name, by),
    namespaces: async () =>
      (await core.db.all<{ name: string }>('SELECT name FROM namespaces ORDER BY name')).map(({ name }) => name),
    setPolicy: (namespace, text, by) => setPolicy(core, namespace, text, by),
    rollback: (namespace, version, by) => rollback(core, namespace, version, by),
    policy: (namespace) => activePolicy(core, namespace),
    policyVersions: (namespace) => policyVersions(core, namespace),
    policyVersion: (namespace, version) => policyVersion(core, namespace, version),
    putReference: (namespace, set, by) => putReference(core, namespace, set, by),
    deleteReference: (namespace, name, by) => deleteReference(core, namespace, name, by),
    references: (namespace) => references(core, namespace),
    putAdvisory: (namespace, advisory, by) => putAdvisory(core, namespace, advisory, by),
    advisories: async (namespace) => {
      const rows = await core.db.all<{ body: string }>('SELECT body FROM advisories WHERE namespace = ? ORDER BY id', [
        namespace,
      ])
      return rows.map(({ body }) => JSON.parse(body) as Advisory)
    },
    putSecret: (namespace, secret, by) =>
      change(core, namespace, by, async (sql) => {
        checkPath(secret.path)
        const { version } = await core.vault.putSecret(sql, { ...secret, namespace, actor: by.actor, at: by.at })
        return {
          result: { version },
          change: { what: 'secret-put', details: { path: secret.path, version }, resource: secret.path },
        }
      }),
    generateKey: (namespace, key, by) => generateKey(core, namespace, key, by),
    deleteSecret: (namespace, path, by) =>
      change(core, namespace, by, async (sql) => {
        checkPath(path)
        const removed = await core.vault.remove(sql, namespace, path, by.at)
        return {
          result: removed,
          change: removed ? { what: 'secret-deleted', details: { path }, resource: path } : undefined,
        }
      }),
    record: (sql, namespace, act, by) => recordChange(core, sql, namespace, by, act),
  }
}

// An RSA key takes up to a second: made before the transaction begins, it holds nobody up.
async function generateKey(
  core: Core,
  namespace: string,
  { path, type }: Parameters<BrokerAdmin['generateKey']>[1],
  by: Acting,
): ReturnType<BrokerAdmin['generateKey']> {
  checkNamespace(namespace)
  checkPath(path)
  const key = await generateKeyMaterial(type)
  try {
    return await change(core, namespace, by, async (sql) => {
      const made = await core.vault.putKey(sql, { namespace, path, key, actor: by.actor, at: by.at })
      const details = { path, type, version: made.version }
      return { result: made, change: { what: 'key-made', details, resource: path } }
    })
  } finally {
    key.privateJwk.fill(0)
  }
}

function checkPath(path: string): void {
  if (!isResource(path))
    throw new BrokerError('invalid', 'path: expected repository/type/tag of letters, digits, `_`, `.` and `-`')
}

/** Makes a change and its record in one transaction. */
async function change<T>(
  core: Core,
  namespace: string,
  by: Acting,
  work: (sql: Sql) => Promise<{ readonly result: T; readonly change: Change | undefined }>,
): Promise<T> {
  checkNamespace(namespace)
  const result = await core.db.transaction(async (sql) => {
    const done = await work(sql)
    if (done.change !== undefined) {
      await ensureNamespace(sql, namespace, by)
      const decision = await recordChange(core, sql, namespace, by, done.change)
      await addEvents(sql, namespace, by.at, [{ kind: done.change.what, body: { ...done.change.details, decision } }])
    }
    return done.result
  })
  await announce(core, namespace)
  return result
}

/** As {@link change}, for changes of what live leases rest on: these are looked at again, even if this process ends before. */
async function changeRules<T extends object>(
  core: Core,
  namespace: string,
  by: Acting,
  cause: (result: T) => Cause,
  work: (sql: Sql) => Promise<{ readonly result: T; readonly change: Change }>,
): Promise<T & Reappraised> {
  const result = await change(core, namespace, by, async (sql) => {
    const done = await work(sql)
    await bumpEpoch(sql, namespace)
    await pending(sql, namespace, cause(done.result))
    return done
  })
  return { ...result, ...(await reappraise(core, namespace, cause(result), by.at)) }
}

function recordChange(
  core: Core,
  sql: Sql,
  namespace: string,
  by: Acting,
  { what, details, policy, resource }: Change,
): Promise<string> {
  return record(core, sql, {
    namespace,
    at: by.at,
    kind: 'admin',
    outcome: 'changed',
    reason: what,
    actor: by.actor.slice(0, 128),
    emulated: false,
    body: details,
    ...(policy === undefined ? {} : { policy }),
    ...(resource === undefined ? {} : { resource }),
  })
}

async function ensureNamespace(sql: Sql, name: string, { at }: Acting): Promise<boolean> {
  return (
    (await sql.run('INSERT INTO namespaces (name, created) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', [
      name,
      at.getTime(),
    ])) === 1
  )
}

async function createNamespace(core: Core, name: string, by: Acting): Promise<void> {
  await change(core, name, by, async (sql) => {
    const made = await ensureNamespace(sql, name, by)
    return { result: undefined, change: made ? { what: 'namespace-created', details: { name } } : undefined }
  })
}

const MAX_POLICY = 1024 * 1024

async function setPolicy(
  core: Core,
  namespace: string,
  text: string,
  by: Acting & { readonly note?: string; readonly basedOn?: number },
): Promise<{ readonly version: number } & Reappraised> {
  if (text.length > MAX_POLICY) throw new BrokerError('invalid', `policy: at most ${MAX_POLICY} characters`)
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

async function rollback(
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

async function activePolicy(core: Core, namespace: string): ReturnType<BrokerAdmin['policy']> {
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

async function policyVersions(core: Core, namespace: string): Promise<readonly PolicyVersion[]> {
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

async function policyVersion(core: Core, namespace: string, version: number): ReturnType<BrokerAdmin['policyVersion']> {
  const [row] = await core.db.all<VersionRow & { readonly text: string }>(
    `SELECT v.version, v.sha256, v.created, v.created_by, v.note, v.text, a.version AS active FROM policy_versions v
     LEFT JOIN policy_active a ON a.namespace = v.namespace AND a.version = v.version
     WHERE v.namespace = ? AND v.version = ?`,
    [namespace, version],
  )
  return row === undefined ? undefined : { ...versionOf(row), text: row.text }
}

/** @throws BrokerError `invalid` that names the member */
export function readSet(input: unknown): ReferenceSet {
  try {
    return readReferenceSet(input)
  } catch (error) {
    if (error instanceof TypeError) throw new BrokerError('invalid', error.message)
    throw error
  }
}

async function putReference(
  core: Core,
  namespace: string,
  input: unknown,
  by: Acting,
): Promise<{ readonly name: string } & Reappraised> {
  const set = readSet(input)
  const expires = set.expires === undefined ? null : Date.parse(set.expires)
  return changeRules(
    core,
    namespace,
    by,
    ({ name }) => ({ kind: 'reference', name }),
    async (sql) => {
      await sql.run(
        `INSERT INTO reference_sets (namespace, name, body, created, created_by, expires) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (namespace, name) DO UPDATE SET body = excluded.body, created = excluded.created,
         created_by = excluded.created_by, expires = excluded.expires, deleted = NULL`,
        [namespace, set.name, JSON.stringify(set), by.at.getTime(), by.actor, expires],
      )
      return {
        result: { name: set.name },
        change: { what: 'reference-put', details: { name: set.name, tee: set.tee } },
      }
    },
  )
}

async function deleteReference(core: Core, namespace: string, name: string, by: Acting): Promise<Reappraised> {
  return changeRules<{ readonly name: string }>(
    core,
    namespace,
    by,
    () => ({ kind: 'reference', name }),
    async (sql) => {
      const changed = await sql.run(
        'UPDATE reference_sets SET deleted = ? WHERE namespace = ? AND name = ? AND deleted IS NULL',
        [by.at.getTime(), namespace, name],
      )
      if (changed !== 1) throw new BrokerError('not-found', 'there is no reference set of that name')
      return { result: { name }, change: { what: 'reference-deleted', details: { name } } }
    },
  )
}

interface ReferenceRow extends Row {
  readonly body: string
  readonly created: number
  readonly last_matched: number | null
}

async function references(core: Core, namespace: string): Promise<readonly StoredReference[]> {
  const rows = await core.db.all<ReferenceRow>(
    'SELECT body, created, last_matched FROM reference_sets WHERE namespace = ? AND deleted IS NULL ORDER BY name',
    [namespace],
  )
  return rows.map(({ body, created, last_matched }) => ({
    ...(JSON.parse(body) as {
      name: string
      tee: Tee
      values: Record<string, unknown>
      owner: string
      provenance: unknown
    }),
    created: new Date(created),
    ...(last_matched === null ? {} : { lastMatched: new Date(last_matched) }),
  }))
}

async function putAdvisory(
  core: Core,
  namespace: string,
  input: unknown,
  by: Acting,
): Promise<{ readonly id: string } & Reappraised> {
  const advisory = readAdvisory(input)
  return changeRules(
    core,
    namespace,
    by,
    ({ id }) => ({ kind: 'advisory', id }),
    async (sql) => {
      await sql.run(
        `INSERT INTO advisories (id, namespace, vendor, body, created) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (namespace, id) DO UPDATE SET vendor = excluded.vendor, body = excluded.body, created = excluded.created`,
        [advisory.id, namespace, advisory.vendor, JSON.stringify(advisory), by.at.getTime()],
      )
      return { result: { id: advisory.id }, change: { what: 'advisory-put', details: { ...advisory } } }
    },
  )
}
