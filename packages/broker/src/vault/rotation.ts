import type { Database, Sql } from '../storage/sql.ts'
import { rewrapEnvelope } from './envelope.ts'
import type { KeyRing } from './master-key.ts'
import { secretPlace } from './places.ts'
import { resultKeysMasterIds, rewrapResultKeys } from './result-key-rows.ts'
import { rewrapServerKeys, serverKeysMasterIds } from './server-keys.ts'

/** Data keys that one transaction wraps anew: few enough that nobody who waits notices. */
const BATCH = 100
/** Milliseconds after which it wraps no more of them: a token may take a second for each, and a transaction is given up after ten. */
const BATCH_MS = 500

/** Ids of the master keys that something in the database is encrypted under. */
export async function masterKeysInUse(sql: Sql): Promise<readonly string[]> {
  const rows = await sql.all<{ id: string }>(
    `SELECT DISTINCT master_key_id AS id FROM secret_versions WHERE master_key_id <> ''`,
  )
  const ofServer = [...(await serverKeysMasterIds(sql)), ...(await resultKeysMasterIds(sql))]
  return [...new Set([...rows.map(({ id }) => id), ...ofServer])].sort()
}

/** Wraps every data key under the ring's current master key, until the signal; how many there were. */
export async function rewrapAll(db: Database, ring: KeyRing, signal?: AbortSignal): Promise<number> {
  let total = await db.transaction(
    async (sql) => (await rewrapServerKeys(sql, ring)) + (await rewrapResultKeys(sql, ring)),
  )
  for (;;) {
    if (signal?.aborted === true) return total
    const done = await db.transaction((sql) => rewrapBatch(sql, ring))
    if (done === 0) return total
    total += done
  }
}

type WrappedRow = Readonly<Record<string, string | number | Uint8Array | null>> & {
  readonly namespace: string
  readonly path: string
  readonly version: number
  readonly content_type: string | null
  readonly data_key_wrapped: Uint8Array
  readonly master_key_id: string
}

// Rows are read and written in one transaction, and transactions run one after another: a removal
// or a new version cannot come between.
async function rewrapBatch(sql: Sql, ring: KeyRing): Promise<number> {
  const rows = await sql.all<WrappedRow>(
    `SELECT namespace, path, version, content_type, data_key_wrapped, master_key_id FROM secret_versions
    WHERE master_key_id NOT IN (?, '') LIMIT ${BATCH}`,
    [ring.current.id],
  )
  const began = performance.now()
  let done = 0
  for (const row of rows) {
    if (done > 0 && performance.now() - began > BATCH_MS) break
    const { namespace, path, version, content_type, data_key_wrapped: dataKeyWrapped, master_key_id: masterKeyId } = row
    const place = secretPlace(namespace, path, version, content_type)
    const anew = await rewrapEnvelope(ring, place, { masterKeyId, dataKeyWrapped })
    await sql.run(
      'UPDATE secret_versions SET data_key_wrapped = ?, master_key_id = ? WHERE namespace = ? AND path = ? AND version = ?',
      [anew.dataKeyWrapped, anew.masterKeyId, namespace, path, version],
    )
    done++
  }
  return done
}
