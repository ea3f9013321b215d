import { createPrivateKey, createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { readSetting } from '../storage/settings.ts'
import type { Database, Sql } from '../storage/sql.ts'
import { type Envelope, openEnvelope, rewrapEnvelope, sealEnvelope } from './envelope.ts'
import { envelopeText, readEnvelopeText } from './envelope-text.ts'
import { VaultError } from './errors.ts'
import { ENCODED } from './key-material.ts'
import { KeyRing, type MasterKey } from './master-key.ts'
import { serverKeyPlace } from './places.ts'
import { FORMER_SETTING } from './result-key-rows.ts'

/** The keys of the server's own that never change. Those that sign attestation results do: `result-key-rows.ts`. */
export interface ServerKeys {
  /** Signs the log's checkpoints: an Ed25519 private key. */
  readonly logKey: KeyObject
  /** Makes sessions and nonces: 32 bytes for HMAC-SHA-256. */
  readonly sessionKey: KeyObject
}

const LOG_KEY = 'server-key/log-ed25519'
const SESSION_KEY = 'server-key/session-hmac'
const NAMES: readonly string[] = [LOG_KEY, SESSION_KEY, FORMER_SETTING]
const SESSION_KEY_SIZE = 32

/**
 * The keys of the server behind this database, made at the first call and the same ever
 * after, for all processes that share it. They lie in `settings`, encrypted as secrets are.
 *
 * @throws VaultError `master-key-unknown` when they are under a master key that is neither `master`
 *   nor among `former`, `corrupt`; StorageError
 */
export async function serverKeys(
  db: Database,
  master: MasterKey,
  former: readonly MasterKey[] = [],
): Promise<ServerKeys> {
  const ring = new KeyRing(master, former)
  // Together, so that a first start waits for one disk flush.
  const [log, session] = await Promise.all([
    held(db, ring, LOG_KEY, () => generateKeyPairSync('ed25519', ENCODED).privateKey),
    held(db, ring, SESSION_KEY, () => randomBytes(SESSION_KEY_SIZE)),
  ])
  return { logKey: privateKey(log), sessionKey: secretKey(session) }
}

function privateKey(der: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
}

function secretKey(bytes: Uint8Array): KeyObject {
  if (bytes.length === SESSION_KEY_SIZE) return createSecretKey(bytes)
  throw new VaultError('corrupt', `the setting ${SESSION_KEY} does not hold a key of ${SESSION_KEY_SIZE} bytes`)
}

/** Ids of the master keys that the server's keys are encrypted under. */
export async function serverKeysMasterIds(sql: Sql): Promise<readonly string[]> {
  const found = await Promise.all(NAMES.map((name) => stored(sql, name)))
  return found.flatMap((one) => (one === undefined ? [] : [one.masterKeyId]))
}

/** Wraps the server's keys under the ring's current master key, in a transaction; how many there were. */
export async function rewrapServerKeys(sql: Sql, ring: KeyRing): Promise<number> {
  let count = 0
  for (const name of NAMES) {
    const envelope = await stored(sql, name)
    if (envelope === undefined || envelope.masterKeyId === ring.current.id) continue
    const anew = await rewrapEnvelope(ring, serverKeyPlace(name), envelope)
    await sql.run('UPDATE settings SET value = ? WHERE name = ?', [envelopeText({ ...envelope, ...anew }), name])
    count++
  }
  return count
}

async function held(db: Database, ring: KeyRing, name: string, make: () => Buffer): Promise<Uint8Array> {
  const envelope = (await stored(db, name)) ?? (await create(db, ring, name, make))
  return openEnvelope(ring, serverKeyPlace(name), envelope)
}

/** Keeps a new key, unless another process was faster: then its key counts. */
async function create(db: Database, ring: KeyRing, name: string, make: () => Buffer): Promise<Envelope> {
  const bytes = make()
  const envelope = await sealEnvelope(ring, serverKeyPlace(name), bytes)
  bytes.fill(0)
  return await db.transaction(async (sql) => {
    await sql.run('INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', [
      name,
      envelopeText(envelope),
    ])
    return (await stored(sql, name)) ?? envelope
  })
}

async function stored(sql: Sql, name: string): Promise<Envelope | undefined> {
  const text = await readSetting(sql, name)
  return text === undefined ? undefined : readEnvelopeText(text, `the setting ${name}`)
}
