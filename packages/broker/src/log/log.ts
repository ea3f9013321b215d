import { createPublicKey, type KeyObject } from 'node:crypto'
import { StorageError } from '../storage/errors.ts'
import type { Database, Sql } from '../storage/sql.ts'
import { unitOf } from '../storage/units.ts'
import { checkpointBody } from './checkpoint.ts'
import type { LogEntry } from './entry.ts'

import { consistencyNodes, inclusionNodes, MAX_SIZE, type NodeId, rootOf } from './merkle.ts'
import { encodeVerifierKey, signNote } from './note.ts'
import { PendingLeaves, readHead } from './pending.ts'
import { ENTRY_LIMIT, TILE_WIDTH } from './tiles.ts'

export type { LogEntry }

/** That a leaf is in the tree of the first `size` leaves. */
export interface InclusionProof {
  readonly index: number
  readonly size: number
  /** From the leaf's neighbour up; 32 bytes each (RFC 9162, section 2.1.3). */
  readonly hashes: readonly Uint8Array[]
}

/** Proof, for anyone who has the log's key, that a decision was logged: see `verifyReceipt`. */
export interface Receipt {
  readonly schema: 'urn:sekisho:receipt:v1'
  /** The leaf is the canonical JSON of this. */
  readonly entry: LogEntry
  readonly index: number
  /** Leaves of the tree that `checkpoint` signs. */
  readonly size: number
  /** Inclusion proof: hashes in base64, from the leaf's neighbour up. */
  readonly proof: readonly string[]
  /** C2SP signed note. */
  readonly checkpoint: string
}

/** A Merkle log in a database. Reading members see what is committed. */
export interface Log {
  /**
   * Appends an entry (1 to 65,535 bytes) as part of the transaction that `sql` belongs to: the
   * index is the log's next, in the order of transactions, over all processes. The leaf is written
   * at the transaction's end: statements of the same transaction do not see it yet.
   */
  append(sql: Sql, entry: Uint8Array): Promise<{ readonly index: number; readonly leafHash: Uint8Array }>
  /** The log's present size and root, signed: a C2SP checkpoint. */
  checkpoint(): Promise<string>
  /** @throws RangeError when the log has no such leaf or not so many; `size` defaults to the present one */
  inclusion(index: number, size?: number): Promise<InclusionProof>
  /** Consistency proof between two sizes (RFC 9162, section 2.1.4). @throws RangeError */
  consistency(first: number, second: number): Promise<readonly Uint8Array[]>
  /** Hashes of a tile (C2SP tlog-tiles), `width` of them (default 256), one after another. @throws RangeError */
  tile(level: number, index: number, width?: number): Promise<Uint8Array>
  /** Entries `from` to `from + count - 1`, at most 1,024. @throws RangeError when the log does not hold them all */
  entries(from: number, count: number): Promise<readonly Uint8Array[]>
  size(): Promise<number>
  /** The log's public key as verifiers take it (C2SP signed-note), named by its origin. */
  readonly verifierKey: string
}

/** Whose log it is. */
export interface LogOptions {
  /** The log's name in its checkpoints: a host name with path, without scheme; also the name of its key. */
  readonly origin: string
  /** Ed25519. */
  readonly signingKey: KeyObject
}

/** The origin that a database's log began with; undefined where it has not begun. */
export async function logOrigin(db: Database): Promise<string | undefined> {
  const [head] = await db.all<{ verifier_key: string }>('SELECT verifier_key FROM log_head WHERE id = 1')
  return head?.verifier_key.split('+')[0]
}

/**
 * Opens the database's log, and begins it when there is none.
 *
 * @throws TypeError for an origin or key that cannot be one; StorageError `usage` when the log was
 *   begun with another origin or key, `corrupt` when its head does not belong to its leaves
 */
export async function openLog(db: Database, options: LogOptions): Promise<Log> {
  const verifierKey = encodeVerifierKey(options.origin, createPublicKey(options.signingKey))
  await db.transaction(async (sql) => {
    await sql.run(
      'INSERT INTO log_head (id, size, frontier, verifier_key) VALUES (1, 0, ?, ?) ON CONFLICT (id) DO NOTHING',
      [new Uint8Array(0), verifierKey],
    )
    await checkHead(sql, verifierKey)
  })
  return new DatabaseLog(db, options, verifierKey)
}

async function checkHead(sql: Sql, verifierKey: string): Promise<void> {
  const [row] = await sql.all<{ verifier_key: string; last: number | null }>(
    'SELECT verifier_key, (SELECT MAX(idx) FROM log_leaves) AS last FROM log_head WHERE id = 1',
  )
  if (row?.verifier_key !== verifierKey) {
    throw new StorageError('usage', `the log belongs to ${row?.verifier_key}, not to ${verifierKey}`)
  }
  const { size } = await readHead(sql)
  if ((row.last ?? -1) + 1 !== size) {
    throw new StorageError('corrupt', `the head of the log says ${size} leaves, the last leaf is ${row.last}`)
  }
}

const ENTRIES_AT_ONCE = 1024

class DatabaseLog implements Log {
  readonly verifierKey: string
  readonly #db: Database
  readonly #options: LogOptions
  #signed: { readonly size: number; readonly note: string } | undefined

  constructor(db: Database, options: LogOptions, verifierKey: string) {
    this.#db = db
    this.#options = options
    this.verifierKey = verifierKey
  }

  async append(sql: Sql, entry: Uint8Array): Promise<{ readonly index: number; readonly leafHash: Uint8Array }> {
    const unit = unitOf(sql)
    if (unit === undefined) throw new StorageError('usage', 'the log is appended to inside a transaction')
    if (entry.length === 0 || entry.length > ENTRY_LIMIT) {
      throw new RangeError(`a log entry has 1 to ${ENTRY_LIMIT} bytes, not ${entry.length}`)
    }
    const copy = entry.slice()
    const pending = await unit.member(this.#db, async (inside) => new PendingLeaves(await readHead(inside)))
    unit.check()
    return pending.append(copy)
  }

  async size(): Promise<number> {
    return (await readHead(this.#db)).size
  }

  async checkpoint(): Promise<string> {
    const { size, frontier } = await readHead(this.#db)
    if (this.#signed?.size !== size) {
      const { origin, signingKey } = this.#options
      const note = signNote(checkpointBody(origin, { size, root: rootOf(frontier) }), origin, signingKey)
      this.#signed = { size, note }
    }
    return this.#signed.note
  }

  async inclusion(index: number, size?: number): Promise<InclusionProof> {
    const present = await this.size()
    const of = size ?? present
    if (of > present) throw new RangeError(`the log has ${present} leaves, not ${of}`)
    return { index, size: of, hashes: await this.#roots(inclusionNodes(index, of)) }
  }

  async consistency(first: number, second: number): Promise<readonly Uint8Array[]> {
    const present = await this.size()
    if (second > present) throw new RangeError(`the log has ${present} leaves, not ${second}`)
    return await this.#roots(consistencyNodes(first, second))
  }

  async tile(level: number, index: number, width: number = TILE_WIDTH): Promise<Uint8Array> {
    const possible = isIndex(level) && isIndex(index) && isIndex(width) && width > 0 && width <= TILE_WIDTH
    const nodes = possible ? await nodesOfLevel(this.#db, 8 * level, index * TILE_WIDTH, width) : []
    if (!possible || nodes.length !== width) {
      throw new RangeError(`the log has no tile ${level}/${index} of width ${width}`)
    }
    return Buffer.concat(nodes)
  }

  async entries(from: number, count: number): Promise<readonly Uint8Array[]> {
    if (!isIndex(from) || !isIndex(count) || count > ENTRIES_AT_ONCE) {
      throw new RangeError(`at most ${ENTRIES_AT_ONCE} entries are given at once, not ${count}`)
    }
    const rows = await this.#db.all<{ idx: number; entry: Uint8Array }>(
      'SELECT idx, entry FROM log_leaves WHERE idx >= ? AND idx < ? ORDER BY idx',
      [from, from + count],
    )
    if (rows.length !== count) throw new RangeError(`the log does not hold ${count} entries from ${from} on`)
    return rows.map((row) => row.entry)
  }

  /** The root over each list of complete subtrees. */
  async #roots(lists: readonly (readonly NodeId[])[]): Promise<readonly Uint8Array[]> {
    const hashes = await hashesOf(this.#db, lists.flat())
    let end = 0
    return lists.map((list) => {
      end += list.length
      return rootOf(hashes.slice(end - list.length, end))
    })
  }
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= MAX_SIZE
}

async function nodesOfLevel(sql: Pick<Sql, 'all'>, level: number, from: number, count: number): Promise<Uint8Array[]> {
  const query =
    level === 0
      ? 'SELECT hash FROM log_leaves WHERE idx >= ? AND idx < ? ORDER BY idx'
      : 'SELECT hash FROM log_nodes WHERE idx >= ? AND idx < ? AND level = ? ORDER BY idx'
  const range = [from, from + count]
  const rows = await sql.all<{ hash: Uint8Array }>(query, level === 0 ? range : [...range, level])
  return rows.map((row) => row.hash)
}

/** Hashes of complete subtrees, in the order asked for. A proof has at most a few hundred. */
async function hashesOf(sql: Pick<Sql, 'all'>, ids: readonly NodeId[]): Promise<readonly Uint8Array[]> {
  const leaves = ids.filter((id) => id.level === 0)
  const nodes = ids.filter((id) => id.level > 0)
  const known = new Map<string, Uint8Array>()
  const keep = (rows: readonly { level: number; idx: number; hash: Uint8Array }[]): void => {
    for (const { level, idx, hash } of rows) known.set(`${level}/${idx}`, hash)
  }
  if (leaves.length > 0) {
    const any = leaves.map(() => '?').join(', ')
    const text = `SELECT 0 AS level, idx, hash FROM log_leaves WHERE idx IN (${any})`
    keep(
      await sql.all(
        text,
        leaves.map((id) => id.index),
      ),
    )
  }
  if (nodes.length > 0) {
    const any = nodes.map(() => '(level = ? AND idx = ?)').join(' OR ')
    const text = `SELECT level, idx, hash FROM log_nodes WHERE ${any}`
    keep(
      await sql.all(
        text,
        nodes.flatMap((id) => [id.level, id.index]),
      ),
    )
  }
  return ids.map(({ level, index }) => {
    const hash = known.get(`${level}/${index}`)
    if (hash === undefined) throw new StorageError('corrupt', `the log misses the hash of subtree ${level}/${index}`)
    return hash
  })
}
