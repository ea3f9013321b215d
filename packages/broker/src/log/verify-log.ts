import { openCheckpoint } from './checkpoint.ts'
import type { LogReader } from './files.ts'
import { appendLeaf, equal, type Frontier, hashLeaf, rootOf, type TreeHead } from './merkle.ts'
import { readVerifierKey } from './note.ts'
import { formatLogPath, splitBundle, TILE_WIDTH } from './tiles.ts'
import { type Hashes, readPartial, readTile, type TrustedTiles, trustTiles } from './trusted-tiles.ts'

/** What the files of a log turned out to be. */
export type LogVerdict =
  | {
      readonly valid: true
      readonly origin: string
      /** Entries, every one of them read and hashed. */
      readonly size: number
      /** In base64, as in the checkpoint. */
      readonly root: string
    }
  | {
      readonly valid: false
      readonly problem: string
      /** The first entry that is not what was logged, or the first of those among which it is. */
      readonly index?: number
      /** The last of those, when the files do not tell which one it is. */
      readonly lastIndex?: number
    }

/** What else is known about a log. */
export interface VerifyLogOptions {
  /** Checkpoints of this log that were kept earlier: the log must still begin with what they sign. */
  readonly earlier?: readonly string[]
  /** Told after every 256 entries. */
  readonly onProgress?: (entries: number, of: number) => void
}

/**
 * Checks a whole log offline: its checkpoint is signed by the log's key, its entries are the ones
 * that this and every earlier checkpoint sign, and its tiles belong to them. An entry that was
 * altered, removed, added or moved is found and named.
 *
 * @param read the log's files, from anyone: a folder, an address, a database
 * @param verifierKey the log's key, from a source that is trusted
 * @throws TypeError when `verifierKey` or an earlier checkpoint is none; what `read` throws
 */
export async function verifyLogExport(
  read: LogReader,
  verifierKey: string,
  options: VerifyLogOptions = {},
): Promise<LogVerdict> {
  const key = readVerifierKey(verifierKey)
  const earlier = (options.earlier ?? []).map((note) => openCheckpoint(note, key)).sort((a, b) => a.size - b.size)
  try {
    const note = await read('checkpoint')
    if (note === undefined) throw new Finding('the checkpoint is missing')
    const head = openCheckpoint(Buffer.from(note).toString(), key)
    const longest = earlier.at(-1)
    if (longest !== undefined && longest.size > head.size) {
      throw new Finding(`the log has ${head.size} entries, and signed ${longest.size} earlier`, head.size)
    }
    await new Verification(read, head, earlier, options).run()
    return { valid: true, origin: key.name, size: head.size, root: Buffer.from(head.root).toString('base64') }
  } catch (error) {
    if (error instanceof Finding) return error.verdict
    // A checkpoint that is none says so with a TypeError.
    if (error instanceof TypeError) return { valid: false, problem: error.message }
    throw error
  }
}

/** Ends the verification: something is not what was logged. */
class Finding extends Error {
  readonly verdict: LogVerdict

  constructor(problem: string, index?: number, lastIndex?: number) {
    super(problem)
    const more = lastIndex !== undefined && lastIndex > (index ?? 0) ? { lastIndex } : {}
    this.verdict = { valid: false, problem, ...(index === undefined ? {} : { index }), ...more }
  }
}

/** One pass over the entries, in their order. */
class Verification {
  readonly #read: LogReader
  readonly #head: TreeHead
  readonly #waiting: TreeHead[]
  readonly #onProgress: VerifyLogOptions['onProgress']
  #frontier: Frontier = []
  /** Up to here an earlier checkpoint has confirmed the entries. */
  #confirmed = 0
  /** The first entry that seems wrong: whether it is, a root will tell. */
  #suspect: Finding | undefined
  #tileProblem: string | undefined

  constructor(read: LogReader, head: TreeHead, earlier: readonly TreeHead[], options: VerifyLogOptions) {
    this.#read = read
    this.#head = head
    this.#waiting = [...earlier]
    this.#onProgress = options.onProgress
  }

  async run(): Promise<void> {
    const { size, root } = this.#head
    const tiles = await trustTiles(this.#read, this.#head)
    this.#tileProblem = tiles.problem
    this.#passEarlier(0)
    for (let from = 0; from < size; from += TILE_WIDTH) {
      const leaves = await this.#leaves(from / TILE_WIDTH, Math.min(TILE_WIDTH, size - from), tiles)
      for (const [i, leaf] of leaves.entries()) {
        this.#frontier = appendLeaf(this.#frontier, from + i, leaf).frontier
        this.#passEarlier(from + i + 1)
      }
      this.#onProgress?.(from + leaves.length, size)
    }
    if (!equal(rootOf(this.#frontier), root)) throw this.#suspect ?? rewritten(this.#confirmed, size)
    if (this.#tileProblem !== undefined) throw new Finding(`${this.#tileProblem}; the entries are what was signed`)
  }

  #passEarlier(size: number): void {
    for (let next = this.#waiting[0]; next?.size === size; next = this.#waiting[0]) {
      if (!equal(rootOf(this.#frontier), next.root)) throw this.#suspect ?? rewritten(this.#confirmed, size)
      this.#confirmed = size
      this.#waiting.shift()
    }
  }

  /** Leaf hashes of a bundle's entries, compared with what the tiles say of them. */
  async #leaves(index: number, width: number, tiles: TrustedTiles): Promise<Hashes> {
    const from = index * TILE_WIDTH
    const path = formatLogPath({ kind: 'entries', index, width })
    const bytes = await readPartial(this.#read, { kind: 'entries', index, width })
    if (bytes === undefined) throw this.#suspect ?? new Finding(`${path} is missing`, from, from + width - 1)
    const { entries, whole } = splitBundle(bytes, width)
    const leaves = entries.map(hashLeaf)
    const tile = await readTile(this.#read, { kind: 'tile', level: 0, index, width })
    const first = tile?.findIndex((hash, i) => leaves[i] === undefined || !equal(leaves[i], hash)) ?? -1
    const about = tile === undefined ? 'unknown' : tiles.judge(index, tile)
    if (about === 'signed' && first >= 0) {
      throw this.#suspect ?? new Finding(`entry ${from + first} is not the one that was logged`, from + first)
    }
    if (!whole) throw this.#suspect ?? new Finding(`${path} does not hold ${width} entries`, from, from + width - 1)
    if (about === 'altered' || first >= 0 || tile === undefined) {
      this.#tileProblem ??= `tile 0/${index} is missing or altered`
    }
    if (tiles.judge(index, leaves) === 'altered') {
      const problem = `one of the entries ${from} to ${from + width - 1} is not the one that was logged`
      this.#suspect ??= new Finding(problem, from, from + width - 1)
    } else if (about === 'unknown' && first >= 0) {
      this.#suspect ??= new Finding(`entry ${from + first} does not belong to the tiles`, from + first)
    }
    return leaves
  }
}

function rewritten(from: number, to: number): Finding {
  const problem = `the first ${to} entries are not those that the checkpoint of this size signs`
  return new Finding(problem, from, to - 1)
}
