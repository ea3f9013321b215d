import { equalBytes } from './bytes.ts'
import { hashLeaf, isConsistent, rootFromInclusion } from './merkle.ts'
import { type Checkpoint, ProofError } from './note.ts'
import { readEntry } from './receipt.ts'
import { type Step, Steps } from './steps.ts'
import { consistencyFromTiles, inclusionFromTiles, type TileReader } from './tiles.ts'

/** The steps of comparing two checkpoints of one log. */
export type ConsistencyStep = 'grown' | 'tiles' | 'consistent'

/** What came of a proof. */
export interface Proof<Id extends string> {
  readonly steps: readonly Step<Id>[]
  readonly proven: boolean
}

/**
 * Whether a log with the checkpoint `later` still holds everything that `earlier` signed, in its place. The hashes come from
 * the log's tiles, from anyone: altered ones prove nothing.
 */
export async function proveConsistency(
  read: TileReader,
  earlier: Checkpoint,
  later: Checkpoint,
): Promise<Proof<ConsistencyStep>> {
  const steps = new Steps<ConsistencyStep>(['grown', 'tiles', 'consistent'])
  await steps.take('grown', () => {
    if (later.size < earlier.size)
      throw new ProofError('shrunk', `${later.size} entries, where ${earlier.size} were signed before`)
    if (later.size === earlier.size && !equalBytes(later.root, earlier.root))
      throw new ProofError('fork', `two roots for ${later.size} entries`)
  })
  const proof = await steps.take('tiles', async () =>
    earlier.size > later.size ? [] : consistencyFromTiles(read, earlier.size, later.size),
  )
  await steps.take('consistent', async () => {
    if (!(await isConsistent(earlier, later, proof ?? [])))
      throw new ProofError('fork', `the first ${earlier.size} entries are not those that were signed`)
  })
  return steps.result()
}

/** The steps of looking at one entry. */
export type EntryStep = 'read' | 'tiles' | 'inclusion'

/** Whether an entry is the leaf at `index` of the log that a checkpoint signs. */
export async function proveEntry(
  read: TileReader,
  { index, bytes }: { readonly index: number; readonly bytes: Uint8Array<ArrayBuffer> },
  { size, root }: Checkpoint,
): Promise<Proof<EntryStep>> {
  const steps = new Steps<EntryStep>(['read', 'tiles', 'inclusion'])
  await steps.take('read', () => {
    try {
      return readEntry(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
    } catch (error) {
      throw error instanceof ProofError ? error : new ProofError('entry', 'not JSON')
    }
  })
  const proof = await steps.take('tiles', () => inclusionFromTiles(read, index, size))
  await steps.take('inclusion', async () => {
    const found = await rootFromInclusion(await hashLeaf(bytes), index, size, proof ?? [])
    if (found === undefined || !equalBytes(found, root))
      throw new ProofError('root', 'the proof does not lead to the root that is signed')
  })
  return steps.result()
}
