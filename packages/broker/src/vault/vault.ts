import type { JsonWebKey } from 'node:crypto'
import type { Database, Row, Sql, SqlValue } from '../storage/sql.ts'
import { type Envelope, openEnvelope, sealEnvelope } from './envelope.ts'
import { VaultError } from './errors.ts'
import { generateKeyMaterial, JWK_CONTENT_TYPE, type KeyMaterial, type KeyType, publicJwkOf } from './key-material.ts'
import { checkContent, checkPlace, type Metadata, metadataText } from './limits.ts'
import { KeyRing, type MasterKey } from './master-key.ts'
import { secretPlace } from './places.ts'
import { masterKeysInUse, rewrapAll } from './rotation.ts'

export type { FlattenedJwe } from '../jwe/encrypt.ts'

/** What every new version says about itself. */
interface NewVersion {
  readonly namespace: string
  /** `repository/type/tag`. */
  readonly path: string
  /** At most 4 KiB as JSON; replaces what the path had; kept when left out. Not secret. */
  readonly metadata?: Metadata
  /** Who puts it. */
  readonly actor: string
  readonly at: Date
}

/** A secret to keep. */
export interface NewSecret extends NewVersion {
  /** At most 1 MiB; may be empty. */
  readonly bytes: Uint8Array
  readonly contentType?: string
}

/** A key to generate. */
export interface NewKey extends NewVersion {
  readonly type: KeyType
}

/** A key that was generated before, to keep. */
export interface NewKeyMaterial extends NewVersion {
  readonly key: KeyMaterial
}

/** A decrypted secret, or a key as JSON Web Key. Only a release may hand it on, encrypted to the TEE's key. */
export interface OpenedSecret {
  readonly bytes: Uint8Array
  readonly contentType: string | undefined
  readonly version: number
}

/** What may be told about a secret. */
export interface SecretSummary {
  readonly path: string
  readonly kind: 'secret' | 'key'
  readonly metadata: Metadata
  /** The newest version. */
  readonly version: number
  readonly contentType: string | undefined
  readonly created: Date
  /** Of the newest version. */
  readonly updated: Date
}

/** A summary with its versions. */
export interface SecretDescription extends SecretSummary {
  /** Newest first, at most 1,000. */
  readonly versions: readonly { readonly version: number; readonly created: Date; readonly createdBy: string }[]
  /** Of the newest version of an asymmetric key. */
  readonly publicJwk?: JsonWebKey
}

/** What a rotation did. */
export interface RotationReport {
  /** Data keys that were wrapped anew. */
  readonly rewrapped: number
  /** Master keys that something is still encrypted under; only the new one, unless another process uses an old one. */
  readonly inUse: readonly string[]
}

/**
 * Secrets and keys, encrypted at rest. Members that take `sql` are called with that of a transaction
 * (those that only read, with the database too).
 *
 * @throws VaultError, StorageError from every member
 */
export interface Vault {
  /** Adds a version. Versions count from 1 and are never used twice, not even after a removal. */
  putSecret(sql: Sql, secret: NewSecret): Promise<{ readonly version: number }>
  /** Adds a version of a key that {@link generateKeyMaterial} made before the transaction began. */
  putKey(sql: Sql, key: NewKeyMaterial): Promise<{ readonly version: number; readonly publicJwk?: JsonWebKey }>
  /** {@link generateKeyMaterial} and `putKey` in one; an RSA key holds up the transaction for as long as it takes. */
  generateKey(sql: Sql, key: NewKey): Promise<{ readonly version: number; readonly publicJwk?: JsonWebKey }>
  /** The content of a version (default the newest); undefined when there is none. */
  open(sql: Sql, namespace: string, path: string, version?: number): Promise<OpenedSecret | undefined>
  /** What a namespace holds, by path; `after` is the last path of the page before. At most 1,000 (default 100). */
  list(
    sql: Sql,
    namespace: string,
    page?: { readonly after?: string; readonly limit?: number },
  ): Promise<readonly SecretSummary[]>
  describe(sql: Sql, namespace: string, path: string): Promise<SecretDescription | undefined>
  /** Destroys the content of all versions and keeps a tombstone; false when there was nothing. */
  remove(sql: Sql, namespace: string, path: string, at: Date): Promise<boolean>
  /**
   * Makes `next` the master key and wraps every data key anew, a batch a transaction, while readers
   * and writers go on. Interrupted, it is simply called again. Where several processes share the
   * database, each must have been started with both keys before.
   *
   * @param signal after it no further batch is begun
   */
  rotateMaster(next: MasterKey, signal?: AbortSignal): Promise<RotationReport>
  /** Id of the master key that new data keys are wrapped under. */
  readonly masterKeyId: string
  /** The master keys themselves, for keys of the server's own. */
  readonly ring: KeyRing
}

/** The master key of a vault, and former ones that data keys may still be wrapped under. */
export interface VaultOptions {
  readonly master: MasterKey
  readonly former?: readonly MasterKey[]
}

/**
 * Opens the vault of a database.
 *
 * @throws VaultError `master-key-unknown` when something is encrypted under a key that was not
 *   given, so that a wrong key is found at the start and not at the first release
 */
export async function openVault(db: Database, { master, former = [] }: VaultOptions): Promise<Vault> {
  const ring = new KeyRing(master, former)
  for (const id of await masterKeysInUse(db)) ring.get(id)
  return new DatabaseVault(db, ring)
}

class DatabaseVault implements Vault {
  readonly #db: Database
  readonly ring: KeyRing

  constructor(db: Database, ring: KeyRing) {
    this.#db = db
    this.ring = ring
  }

  get masterKeyId(): string {
    return this.ring.current.id
  }

  async putSecret(sql: Sql, secret: NewSecret): Promise<{ readonly version: number }> {
    return await this.#add(sql, secret, 'secret', secret.bytes, secret.contentType)
  }

  async putKey(sql: Sql, put: NewKeyMaterial): Promise<{ readonly version: number; readonly publicJwk?: JsonWebKey }> {
    const { privateJwk, publicJwk } = put.key
    const added = await this.#add(sql, put, 'key', privateJwk, JWK_CONTENT_TYPE)
    return publicJwk === undefined ? added : { ...added, publicJwk }
  }

  async generateKey(sql: Sql, key: NewKey): Promise<{ readonly version: number; readonly publicJwk?: JsonWebKey }> {
    return await this.putKey(sql, { ...key, key: await generateKeyMaterial(key.type) })
  }

  async open(sql: Sql, namespace: string, path: string, version?: number): Promise<OpenedSecret | undefined> {
    checkPlace(namespace, path)
    const one = version === undefined ? '' : 'AND v.version = ?'
    const [row] = await sql.all<VersionRow>(
      `SELECT v.version, v.content_type, v.data_key_wrapped, v.master_key_id, v.nonce, v.ciphertext
      FROM secret_versions v JOIN secrets s ON s.namespace = v.namespace AND s.path = v.path
      WHERE v.namespace = ? AND v.path = ? AND s.deleted IS NULL AND v.master_key_id <> '' ${one}
      ORDER BY v.version DESC LIMIT 1`,
      version === undefined ? [namespace, path] : [namespace, path, version],
    )
    if (row === undefined) return undefined
    const place = secretPlace(namespace, path, row.version, row.content_type)
    const bytes = await openEnvelope(this.ring, place, envelopeOf(row))
    return { bytes, contentType: row.content_type ?? undefined, version: row.version }
  }

  async list(
    sql: Sql,
    namespace: string,
    { after = '', limit = 100 }: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<readonly SecretSummary[]> {
    const most = Math.min(Math.max(Math.trunc(limit), 1), 1000)
    const rows = await sql.all<SummaryRow>(`${SUMMARY} AND s.path > ? ORDER BY s.path LIMIT ${most}`, [
      namespace,
      after,
    ])
    return rows.map(summaryOf)
  }

  async describe(sql: Sql, namespace: string, path: string): Promise<SecretDescription | undefined> {
    checkPlace(namespace, path)
    const [row] = await sql.all<SummaryRow>(`${SUMMARY} AND s.path = ?`, [namespace, path])
    if (row === undefined) return undefined
    const versions = await sql.all<{ version: number; created: number; created_by: string }>(
      `SELECT version, created, created_by FROM secret_versions
      WHERE namespace = ? AND path = ? AND master_key_id <> '' ORDER BY version DESC LIMIT 1000`,
      [namespace, path],
    )
    const publicJwk = row.kind === 'key' ? await this.#publicJwk(sql, namespace, path) : undefined
    return {
      ...summaryOf(row),
      versions: versions.map((one) => ({
        version: one.version,
        created: new Date(one.created),
        createdBy: one.created_by,
      })),
      ...(publicJwk === undefined ? {} : { publicJwk }),
    }
  }

  async remove(sql: Sql, namespace: string, path: string, at: Date): Promise<boolean> {
    checkPlace(namespace, path)
    const removed = await sql.run(
      `UPDATE secrets SET deleted = ?, metadata = '{}' WHERE namespace = ? AND path = ? AND deleted IS NULL`,
      [at.getTime(), namespace, path],
    )
    if (removed === 0) return false
    const nothing = new Uint8Array(0)
    await sql.run(
      `UPDATE secret_versions SET data_key_wrapped = ?, nonce = ?, ciphertext = ?, master_key_id = ''
      WHERE namespace = ? AND path = ?`,
      [nothing, nothing, nothing, namespace, path],
    )
    return true
  }

  async rotateMaster(next: MasterKey, signal?: AbortSignal): Promise<RotationReport> {
    this.ring.advance(next)
    const rewrapped = await rewrapAll(this.#db, this.ring, signal)
    return { rewrapped, inUse: await masterKeysInUse(this.#db) }
  }

  async #add(
    sql: Sql,
    { namespace, path, metadata, actor, at }: NewVersion,
    kind: 'secret' | 'key',
    bytes: Uint8Array,
    contentType: string | undefined,
  ): Promise<{ readonly version: number }> {
    checkPlace(namespace, path)
    checkContent(bytes, contentType)
    await claimPath(sql, { namespace, path, kind, at, metadata: metadata && metadataText(metadata) })
    const version = await nextVersion(sql, namespace, path)
    const type = contentType ?? null
    const sealed = await sealEnvelope(this.ring, secretPlace(namespace, path, version, type), bytes)
    await sql.run(
      `INSERT INTO secret_versions (namespace, path, version, content_type, data_key_wrapped, master_key_id, nonce,
        ciphertext, created, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        ...[namespace, path, version, type],
        ...[sealed.dataKeyWrapped, sealed.masterKeyId, sealed.nonce, sealed.ciphertext],
        ...[at.getTime(), actor],
      ],
    )
    return { version }
  }

  // Read from the private key and not from a column: whoever can write the database must not be able
  // to put a public key of his own in the place of ours.
  async #publicJwk(sql: Sql, namespace: string, path: string): Promise<JsonWebKey | undefined> {
    const opened = await this.open(sql, namespace, path)
    return opened && publicJwkOf(opened.bytes)
  }
}

interface PathClaim {
  readonly namespace: string
  readonly path: string
  readonly kind: 'secret' | 'key'
  readonly at: Date
  readonly metadata: string | undefined
}

/** Makes the row of a path, or takes it back from its tombstone. On PostgreSQL the row stays locked: versions are counted by one at a time. */
async function claimPath(sql: Sql, { namespace, path, kind, at, metadata }: PathClaim): Promise<void> {
  const changed = await sql.run(
    `INSERT INTO secrets (namespace, path, kind, metadata, created, deleted) VALUES (?, ?, ?, ?, ?, NULL)
    ON CONFLICT (namespace, path) DO UPDATE SET
      metadata = ${metadata === undefined ? 'secrets.metadata' : 'excluded.metadata'}, kind = excluded.kind,
      created = CASE WHEN secrets.deleted IS NULL THEN secrets.created ELSE excluded.created END, deleted = NULL
    WHERE secrets.kind = excluded.kind OR secrets.deleted IS NOT NULL`,
    [namespace, path, kind, metadata ?? '{}', at.getTime()],
  )
  if (changed === 0) {
    const other = kind === 'key' ? 'a secret' : 'a key'
    throw new VaultError('conflict', `\`${path}\` holds ${other}; remove it before putting a ${kind} there`)
  }
}

async function nextVersion(sql: Sql, namespace: string, path: string): Promise<number> {
  const [row] = await sql.all<{ last: number | null }>(
    'SELECT MAX(version) AS last FROM secret_versions WHERE namespace = ? AND path = ?',
    [namespace, path],
  )
  return (row?.last ?? 0) + 1
}

type VersionRow = Row & {
  readonly version: number
  readonly content_type: string | null
  readonly data_key_wrapped: Uint8Array
  readonly master_key_id: string
  readonly nonce: Uint8Array
  readonly ciphertext: Uint8Array
}

function envelopeOf(row: VersionRow): Envelope {
  return {
    masterKeyId: row.master_key_id,
    dataKeyWrapped: row.data_key_wrapped,
    nonce: row.nonce,
    ciphertext: row.ciphertext,
  }
}

type SummaryRow = Readonly<Record<string, SqlValue>> & {
  readonly path: string
  readonly kind: 'secret' | 'key'
  readonly metadata: string
  readonly created: number
  readonly version: number
  readonly content_type: string | null
  readonly updated: number
}

/** Living paths of a namespace with their newest version. */
const SUMMARY = `SELECT s.path, s.kind, s.metadata, s.created, v.version, v.content_type, v.created AS updated
  FROM secrets s JOIN secret_versions v ON v.namespace = s.namespace AND v.path = s.path
  WHERE s.namespace = ? AND s.deleted IS NULL AND v.version =
    (SELECT MAX(w.version) FROM secret_versions w WHERE w.namespace = s.namespace AND w.path = s.path)`

function summaryOf(row: SummaryRow): SecretSummary {
  return {
    path: row.path,
    kind: row.kind,
    metadata: JSON.parse(row.metadata) as Metadata,
    version: row.version,
    contentType: row.content_type ?? undefined,
    created: new Date(row.created),
    updated: new Date(row.updated),
  }
}
