import { openCheckpoint } from './checkpoint.ts'
import { encodeEntry, type LogEntry, readEntry } from './entry.ts'
import type { Log, Receipt } from './log.ts'
import { equal, HASH_BYTES, hashLeaf, rootFromInclusion } from './merkle.ts'
import { readVerifierKey } from './note.ts'

/** What a receipt turned out to prove. */
export type ReceiptVerdict =
  | {
      readonly valid: true
      /** The decision that was logged. */
      readonly entry: LogEntry
      /** The log's name. */
      readonly origin: string
      readonly index: number
      readonly size: number
      /** What a reader must be shown: the decision rests on emulated hardware. */
      readonly emulated: boolean
    }
  | { readonly valid: false; readonly problem: string }

/** The receipt of a logged decision, under the log's present checkpoint. @throws RangeError for an unknown index */
export async function makeReceipt(log: Log, index: number): Promise<Receipt> {
  const checkpoint = await log.checkpoint()
  const { size } = openCheckpoint(checkpoint, readVerifierKey(log.verifierKey))
  const { hashes } = await log.inclusion(index, size)
  const [bytes = new Uint8Array(0)] = await log.entries(index, 1)
  const entry = readEntry(JSON.parse(Buffer.from(bytes).toString()))
  const proof = hashes.map((hash) => Buffer.from(hash).toString('base64'))
  return { schema: 'urn:sekisho:receipt:v1', entry, index, size, proof, checkpoint }
}

/**
 * Checks a receipt against the log's key, offline: the entry is the leaf at this index of the tree
 * whose root the checkpoint signs. It does not show that the log kept its earlier promises: compare
 * checkpoints for that (`verifyLogExport`).
 *
 * @param receipt parsed JSON, from anyone
 * @param verifierKey the log's key as {@link Log.verifierKey} gives it, from a source that is trusted
 * @throws TypeError when `verifierKey` is none
 */
export function verifyReceipt(receipt: unknown, verifierKey: string): ReceiptVerdict {
  const key = readVerifierKey(verifierKey)
  try {
    const { entry, index, size, proof, checkpoint } = readReceipt(receipt)
    const head = openCheckpoint(checkpoint, key)
    if (head.size !== size) throw new TypeError(`size: the checkpoint signs ${head.size} leaves, not ${size}`)
    const root = rootFromInclusion(hashLeaf(encodeEntry(entry)), index, size, proof)
    if (root === undefined) throw new TypeError(`proof: has not the length that leaf ${index} of ${size} asks for`)
    if (!equal(root, head.root)) throw new TypeError('proof: does not lead from this entry to the root that is signed')
    return { valid: true, entry, origin: key.name, index, size, emulated: entry.emulated }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { valid: false, problem: error.message }
  }
}

interface ReadReceipt {
  readonly entry: LogEntry
  readonly index: number
  readonly size: number
  readonly proof: readonly Uint8Array[]
  readonly checkpoint: string
}

const PROOF_LIMIT = 64

function readReceipt(input: unknown): ReadReceipt {
  if (typeof input !== 'object' || input === null) throw new TypeError('receipt: not an object')
  const { schema, entry, index, size, proof, checkpoint }: Partial<Record<keyof Receipt, unknown>> = input
  if (schema !== 'urn:sekisho:receipt:v1') throw new TypeError('schema: not urn:sekisho:receipt:v1')
  if (!isCount(index)) throw new TypeError('index: not a whole number')
  if (!isCount(size)) throw new TypeError('size: not a whole number')
  if (typeof checkpoint !== 'string') throw new TypeError('checkpoint: not a text')
  if (!Array.isArray(proof) || proof.length > PROOF_LIMIT)
    throw new TypeError(`proof: not a list of at most ${PROOF_LIMIT}`)
  return { entry: readEntry(entry), index, size, proof: proof.map(readHash), checkpoint }
}

function readHash(text: unknown, i: number): Uint8Array {
  const bytes = typeof text === 'string' && text.length === 44 ? Buffer.from(text, 'base64') : Buffer.alloc(0)
  if (bytes.length !== HASH_BYTES || bytes.toString('base64') !== text) {
    throw new TypeError(`proof[${i}]: not 32 bytes in base64`)
  }
  return bytes
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
