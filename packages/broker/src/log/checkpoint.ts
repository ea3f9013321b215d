import { HASH_BYTES, MAX_SIZE, type TreeHead } from './merkle.ts'
import { openNote, type VerifierKey } from './note.ts'

/** The body of a checkpoint (C2SP tlog-checkpoint): origin, size and root, a line each. */
export function checkpointBody(origin: string, head: TreeHead): string {
  return `${origin}\n${head.size}\n${Buffer.from(head.root).toString('base64')}\n`
}

/**
 * Opens a checkpoint and says what it vouches for. Its origin must be the name of the key.
 *
 * @throws TypeError when it is not well-formed, of another log, or not signed by this key
 */
export function openCheckpoint(note: string, key: VerifierKey): TreeHead {
  const [origin, size, root] = openNote(note, key).split('\n')
  if (origin !== key.name) throw new TypeError(`the checkpoint is of another log than ${key.name}`)
  if (size === undefined || !/^(0|[1-9][0-9]{0,15})$/.test(size) || Number(size) > MAX_SIZE) {
    throw new TypeError('the size in the checkpoint is no decimal number in range')
  }
  const bytes = Buffer.from(root ?? '', 'base64')
  if (bytes.length !== HASH_BYTES || bytes.toString('base64') !== root) {
    throw new TypeError('the root in the checkpoint is not 32 bytes in base64')
  }
  return { size: Number(size), root: bytes }
}
