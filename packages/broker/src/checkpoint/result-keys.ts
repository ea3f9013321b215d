import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Signer } from '@sekisho/appraisal'
import { readSetting, removeSetting } from '../storage/settings.ts'
import type { Database, Sql } from '../storage/sql.ts'
import { es256Jwk, es256Signer } from '../vault/es256.ts'
import type { KeyRing } from '../vault/master-key.ts'
import {
  FORMER_SETTING,
  kidOf,
  newResultKey,
  openFormer,
  openPrivate,
  openRetired,
  type ResultKeyRow,
  readResultKeys,
  resultKeyOf,
  sealPrivate,
} from '../vault/result-key-rows.ts'
import type { KeySet } from './result-key-model.ts'

/** A key that results of ours may be signed with. */
export interface AcceptedKey {
  readonly jwk: Signer['jwk']
  readonly key: KeyObject
}

interface Known extends AcceptedKey {
  readonly state: ResultKeyRow['state']
  /** Milliseconds since 1970; without it, there is no end yet. */
  readonly until?: number
  /** Of the one that signs. */
  readonly signer?: Signer
}

/** Changes of other processes are seen after so many milliseconds, where nothing else asked for them. */
const FRESH_MS = 1000
/** For so many milliseconds a key set waits for a database that is silent. */
const SOON_MS = 1000

/**
 * The keys that sign attestation results, as this process knows them. Other processes of the database may change them at
 * any time: what is decided by them is looked up in the transaction that decides it.
 */
export class ResultKeys {
  readonly #db: Database
  readonly #ring: KeyRing
  #known: ReadonlyMap<string, Known> = new Map()
  #revoked: ReadonlySet<string> = new Set()
  #signer: Signer
  #read = 0
  #reading: Promise<void> | undefined
  #queued: Promise<void> | undefined

  private constructor(db: Database, ring: KeyRing, signer: Signer) {
    this.#db = db
    this.#ring = ring
    this.#signer = signer
  }

  /**
   * Opens the keys of a database; the first process of all makes them.
   *
   * @throws VaultError `corrupt`, `master-key-unknown`; StorageError
   */
  static async open(db: Database, ring: KeyRing): Promise<ResultKeys> {
    const found = await readResultKeys(db)
    const rows = isComplete(found) ? found : await complete(db, ring)
    const current = rows.find(({ state }) => state === 'current')
    if (current === undefined) throw new TypeError('there is no key to sign results with')
    const keys = new ResultKeys(db, ring, es256Signer(await openPrivate(ring, current)))
    await keys.#take(rows)
    return keys
  }

  /** Signs results, as far as this process knows. {@link isCurrent} says it for sure. */
  get signer(): Signer {
    return this.#signer
  }

  /** Reads what is stored from now on, once for all who ask meanwhile. */
  refresh(): Promise<void> {
    const running = this.#reading
    if (running === undefined) return this.#begin()
    // What began before may not see what was committed since.
    this.#queued ??= running
      .catch(() => undefined)
      .then(() => {
        this.#queued = undefined
        return this.#reading ?? this.#begin()
      })
    return this.#queued
  }

  #begin(): Promise<void> {
    this.#reading = readResultKeys(this.#db)
      .then((rows) => this.#take(rows))
      .finally(() => {
        this.#reading = undefined
      })
    return this.#reading
  }

  /** As {@link refresh}, unless that was done a moment ago. */
  async refreshOld(): Promise<void> {
    if (performance.now() - this.#read >= FRESH_MS) await this.refresh()
  }

  /** As {@link refreshOld}, as far as the database answers soon. */
  async refreshSoon(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SOON_MS)
    })
    await Promise.race([this.refreshOld().catch(() => undefined), late])
    clearTimeout(timer)
  }

  /**
   * The key of an id whose results are accepted at a time; `revoked` for one that counts no more. An id that is not known
   * here may be of a key that another process made.
   */
  async accepted(kid: string, at: Date): Promise<AcceptedKey | 'revoked' | undefined> {
    await this.refreshOld()
    const known = this.#accepted(kid, at)
    if (known !== undefined) return known
    await this.refresh()
    return this.#accepted(kid, at)
  }

  #accepted(kid: string, at: Date): AcceptedKey | 'revoked' | undefined {
    if (this.#revoked.has(kid)) return 'revoked'
    const known = this.#known.get(kid)
    if (known === undefined || known.state === 'next') return undefined
    return known.until === undefined || at.getTime() < known.until ? known : undefined
  }

  /** What relying parties verify results with: the key that signs, the one that will, and those still accepted at a time. */
  published(at: Date): KeySet {
    const shown = [...this.#known.values()].filter(({ until }) => until === undefined || at.getTime() < until)
    return { keys: shown.map(({ jwk }) => jwk) }
  }

  async #take(rows: readonly ResultKeyRow[]): Promise<void> {
    const known = new Map<string, Known>()
    for (const row of rows) {
      const { kid, state, sealed } = row
      if (state === 'revoked' || sealed === null) continue
      const before = this.#known.get(kid)
      known.set(kid, before?.state === state ? before : await opened(this.#ring, row))
    }
    const signer = [...known.values()].find(({ state }) => state === 'current')?.signer
    this.#known = known
    this.#revoked = new Set(rows.flatMap(({ kid, state }) => (state === 'revoked' ? [kid] : [])))
    this.#signer = signer ?? this.#signer
    this.#read = performance.now()
  }
}

async function opened(ring: KeyRing, row: ResultKeyRow): Promise<Known> {
  const { state } = row
  if (state === 'retired') {
    const { key, until } = await openRetired(ring, row)
    return { state, key, until, jwk: es256Jwk(key) }
  }
  const key = await openPrivate(ring, row)
  const jwk = es256Jwk(key)
  // Of the next one the public key is enough until it signs.
  return state === 'current'
    ? { state, key: createPublicKey(key), jwk, signer: es256Signer(key) }
    : { state, key: createPublicKey(key), jwk }
}

function isComplete(rows: readonly ResultKeyRow[]): boolean {
  return (['current', 'next'] as const).every((wanted) => rows.some(({ state }) => state === wanted))
}

/** Makes what is missing, unless another process was faster. The one key of an older version goes on signing. */
function complete(db: Database, ring: KeyRing): Promise<readonly ResultKeyRow[]> {
  const at = new Date()
  return db.transaction(async (sql) => {
    const rows = await readResultKeys(sql)
    const has = (wanted: ResultKeyRow['state']): boolean => rows.some(({ state }) => state === wanted)
    const former = await readSetting(sql, FORMER_SETTING)
    if (!has('current'))
      await insertKey(sql, ring, former === undefined ? newResultKey() : await openFormer(ring, former), 'current', at)
    if (former !== undefined) await removeSetting(sql, FORMER_SETTING)
    if (!has('next')) await insertKey(sql, ring, newResultKey(), 'next', at)
    return readResultKeys(sql)
  })
}

/** Stores a private key, which is overwritten; in a transaction. @returns its id */
export async function insertKey(
  sql: Sql,
  ring: KeyRing,
  pkcs8: Uint8Array,
  state: 'current' | 'next',
  at: Date,
): Promise<string> {
  const kid = kidOf(resultKeyOf(pkcs8))
  const sealed = await sealPrivate(ring, kid, pkcs8)
  pkcs8.fill(0)
  const activated = state === 'current' ? at.getTime() : null
  await sql.run('INSERT INTO result_keys (kid, state, sealed, created, activated) VALUES (?, ?, ?, ?, ?)', [
    kid,
    state,
    sealed,
    at.getTime(),
    activated,
  ])
  return kid
}

/** Whether a key is the one that signs, in a transaction: no other process takes it back meanwhile. */
export async function isCurrent(sql: Sql, kid: string): Promise<boolean> {
  const rows = await sql.all(`SELECT kid FROM result_keys WHERE kid = ? AND state = 'current' LIMIT 1`, [kid])
  return rows.length === 1
}
