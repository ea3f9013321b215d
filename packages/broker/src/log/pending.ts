import { StorageError } from '../storage/errors.ts'
import type { Sql, SqlValue } from '../storage/sql.ts'
import type { BatchMember } from '../storage/units.ts'
import { appendLeaf, type Frontier, HASH_BYTES, hashLeaf, MAX_SIZE } from './merkle.ts'

/** The log as it stands: its size, and the roots of its complete subtrees. */
export interface Head {
  readonly size: number
  readonly frontier: Frontier
}

/** @throws StorageError `corrupt` when the head is missing or cannot be one */
export async function readHead(sql: Pick<Sql, 'all'>): Promise<Head> {
  const [row] = await sql.all<{ size: number; frontier: Uint8Array }>(
    'SELECT size, frontier FROM log_head WHERE id = 1 LIMIT 1',
  )
  if (row === undefined) throw new StorageError('corrupt', 'the head of the log is missing')
  const frontier: Uint8Array[] = []
  for (let at = 0; at < row.frontier.length; at += HASH_BYTES) frontier.push(row.frontier.slice(at, at + HASH_BYTES))
  let subtrees = 0
  for (let rest = row.size; rest > 0; rest = Math.floor(rest / 2)) subtrees += rest % 2
  if (row.frontier.length !== subtrees * HASH_BYTES) {
    throw new StorageError('corrupt', `the head of the log does not belong to ${row.size} leaves`)
  }
  return { size: row.size, frontier }
}

/** Leaves that a batch appends: gathered in memory, written together at the batch's end. */
export class PendingLeaves implements BatchMember {
  readonly #before: number
  readonly #leaves: SqlValue[][] = []
  readonly #nodes: SqlValue[][] = []
  #head: Head

  constructor(head: Head) {
    this.#before = head.size
    this.#head = head
  }

  append(entry: Uint8Array): { readonly index: number; readonly leafHash: Uint8Array } {
    const { size, frontier } = this.#head
    if (size >= MAX_SIZE) throw new StorageError('full', 'the log is full')
    const leafHash = hashLeaf(entry)
    const next = appendLeaf(frontier, size, leafHash)
    this.#leaves.push([size, leafHash, entry])
    for (const { level, index, hash } of next.nodes) this.#nodes.push([level, index, hash])
    this.#head = { size: size + 1, frontier: next.frontier }
    return { index: size, leafHash }
  }

  mark(): () => void {
    const head = this.#head
    const leaves = this.#leaves.length
    const nodes = this.#nodes.length
    return () => {
      this.#head = head
      this.#leaves.length = leaves
      this.#nodes.length = nodes
    }
  }

  async flush(sql: Sql): Promise<void> {
    if (this.#leaves.length === 0) return
    await insertRows(sql, LEAVES, this.#leaves)
    await insertRows(sql, NODES, this.#nodes)
    const { size, frontier } = this.#head
    const changed = await sql.run('UPDATE log_head SET size = ?, frontier = ? WHERE id = 1 AND size = ?', [
      size,
      Buffer.concat(frontier),
      this.#before,
    ])
    if (changed !== 1) throw new StorageError('corrupt', 'the head of the log moved while leaves were appended')
  }
}

const LEAVES = 'log_leaves (idx, hash, entry)'
const NODES = 'log_nodes (level, idx, hash)'

// A few lengths only, so that the statements stay prepared; their texts are written once.
const CHUNKS: readonly (readonly [rows: number, texts: Readonly<Record<typeof LEAVES | typeof NODES, string>>])[] = [
  64, 16, 4, 1,
].map((rows) => [rows, { [LEAVES]: insertText(LEAVES, rows), [NODES]: insertText(NODES, rows) }])

function insertText(target: string, rows: number): string {
  return `INSERT INTO ${target} VALUES ${Array(rows).fill('(?, ?, ?)').join(', ')}`
}

async function insertRows(
  sql: Sql,
  target: typeof LEAVES | typeof NODES,
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  let at = 0
  for (const [length, texts] of CHUNKS) {
    for (; rows.length - at >= length; at += length) {
      const chunk = rows.slice(at, at + length)
      await sql.run(texts[target], chunk.flat())
    }
  }
}
