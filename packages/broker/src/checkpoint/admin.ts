import { isResource } from '../names.ts'
import { generateKeyMaterial } from '../vault/key-material.ts'
import type { Acting, Advisory, BrokerAdmin, Reappraised } from './admin-model.ts'
import { readAdvisory } from './advisories.ts'
import { change, changeRules, ensureNamespace, recordChange } from './change.ts'
import type { Core } from './core.ts'
import { BrokerError } from './model.ts'
import { checkNamespace } from './names.ts'
import { activePolicy, policyVersion, policyVersions, rollback, setPolicy } from './policies.ts'
import { deleteReference, putReference, putReferences, references } from './references.ts'

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
    putReferences: (namespace, sets, by) => putReferences(core, namespace, sets, by),
    deleteReference: (namespace, name, by) => deleteReference(core, namespace, name, by),
    references: (namespace) => references(core, namespace),
    putAdvisory: (namespace, advisory, by) => putAdvisory(core, namespace, advisory, by),
    deleteAdvisory: (namespace, id, by) => deleteAdvisory(core, namespace, id, by),
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

async function createNamespace(core: Core, name: string, by: Acting): Promise<boolean> {
  return await change(core, name, by, async (sql) => {
    const made = await ensureNamespace(sql, name, by)
    return { result: made, change: made ? { what: 'namespace-created', details: { name } } : undefined }
  })
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

async function deleteAdvisory(core: Core, namespace: string, id: string, by: Acting): Promise<Reappraised> {
  return changeRules<{ readonly id: string }>(
    core,
    namespace,
    by,
    () => ({ kind: 'advisory', id }),
    async (sql) => {
      const gone = await sql.run('DELETE FROM advisories WHERE namespace = ? AND id = ?', [namespace, id])
      if (gone !== 1) throw new BrokerError('not-found', 'no advisory of that id is recorded')
      return { result: { id }, change: { what: 'advisory-deleted', details: { id } } }
    },
  )
}
