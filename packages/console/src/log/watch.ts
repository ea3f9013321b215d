import { proveConsistency } from './consistency.ts'
import { type Checkpoint, isSameHead, openCheckpoint, ProofError, type ProofFault, type VerifierKey } from './note.ts'
import type { TileReader } from './tiles.ts'

/** A checkpoint as the page saw it, and what it was found to be. */
export interface Sighting {
  /** Milliseconds since 1970, by the reader's clock. */
  readonly seen: number
  readonly note: string
  /** Undefined for one that does not open under the key. */
  readonly checkpoint: Checkpoint | undefined
  /** Whether it continues the last one that opened; undefined for the first. */
  readonly continues: boolean | undefined
  readonly fault: { readonly code: ProofFault; readonly detail: string } | undefined
}

/**
 * The sightings with one more look at the log; the same ones when it is as it was.
 *
 * @throws what `read` throws when the log cannot be reached: nothing was seen then
 */
export async function looked(
  sightings: readonly Sighting[],
  note: string,
  key: VerifierKey,
  read: TileReader,
  seen: number,
): Promise<readonly Sighting[]> {
  if (sightings.at(-1)?.note === note) return sightings
  let checkpoint: Checkpoint
  try {
    checkpoint = await openCheckpoint(note, key)
  } catch (error) {
    return [...sightings, { seen, note, checkpoint: undefined, continues: undefined, fault: faultOf(error) }]
  }
  const last = sightings.findLast((one) => one.checkpoint !== undefined)?.checkpoint
  if (last === undefined) return [...sightings, { seen, note, checkpoint, continues: undefined, fault: undefined }]
  if (isSameHead(last, checkpoint)) return sightings
  const { proven, steps } = await proveConsistency(read, last, checkpoint)
  const failed = steps.find(({ outcome }) => outcome === 'fail')
  const fault = failed?.fault === undefined ? undefined : { code: failed.fault, detail: failed.detail ?? '' }
  return [...sightings, { seen, note, checkpoint, continues: proven, fault }]
}

function faultOf(error: unknown): { readonly code: ProofFault; readonly detail: string } {
  if (error instanceof ProofError) return { code: error.code, detail: error.message }
  throw error
}
