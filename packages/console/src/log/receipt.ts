import { canonicalJson } from '@sekisho/evidence'
import { isRecord, type JsonRecord } from '../engine/json.ts'
import { equalBytes } from './bytes.ts'
import { type Bytes, hashLeaf, isSize, rootFromInclusion } from './merkle.ts'
import { type Checkpoint, openCheckpoint, ProofError, readHash, type VerifierKey } from './note.ts'
import { type Step, Steps } from './steps.ts'

/** Proof that a decision was logged, as `/decisions/ID/receipt` and `sekisho log receipt` give it. */
export interface Receipt {
  /** What was logged; the leaf is its canonical JSON. */
  readonly entry: JsonRecord
  readonly index: number
  readonly size: number
  readonly proof: readonly Bytes[]
  /** C2SP signed note. */
  readonly checkpoint: string
}

/** What checking a receipt gave: every step of it, in order. */
export interface ReceiptProof {
  readonly steps: readonly Step<ReceiptStep>[]
  readonly proven: boolean
  /** What was read, where it could be. */
  readonly receipt: Receipt | undefined
  readonly checkpoint: Checkpoint | undefined
}

/** The steps: each needs those before it. */
export type ReceiptStep = 'form' | 'signature' | 'size' | 'inclusion'

const PROOF_LIMIT = 64
const TEXTS = [
  'type',
  'id',
  'at',
  'namespace',
  'outcome',
  'resource',
  'evidenceSha256',
  'verdictSha256',
  'collateralSha256',
  'policySha256',
  'appraisalSha256',
  'detailsSha256',
  'referenceSet',
  'reason',
  'lease',
  'actor',
]
const REQUIRED: readonly string[] = TEXTS.slice(0, 5)

/**
 * Checks a receipt against the log's key: the entry is the leaf at this index of the tree whose root the checkpoint signs.
 * It does not show that the log kept its earlier promises: that is what comparing checkpoints is for.
 *
 * @param input parsed JSON, from anyone
 */
export async function proveReceipt(input: unknown, key: VerifierKey): Promise<ReceiptProof> {
  const steps = new Steps<ReceiptStep>(['form', 'signature', 'size', 'inclusion'])
  const receipt = await steps.take('form', () => readReceipt(input))
  const checkpoint = await steps.take('signature', () => receipt && openCheckpoint(receipt.checkpoint, key))
  if (receipt !== undefined && checkpoint !== undefined) {
    await steps.take('size', () => {
      if (checkpoint.size !== receipt.size)
        throw new ProofError(
          'size',
          `the checkpoint signs ${checkpoint.size} entries, the receipt says ${receipt.size}`,
        )
      return true
    })
    await steps.take('inclusion', () => includes(receipt, checkpoint))
  }
  return { ...steps.result(), receipt, checkpoint }
}

async function includes({ entry, index, size, proof }: Receipt, { root }: Checkpoint): Promise<true> {
  const leaf = await hashLeaf(new TextEncoder().encode(canonicalJson(entry)))
  const found = await rootFromInclusion(leaf, index, size, proof)
  if (found === undefined) throw new ProofError('proof-length', `${proof.length} hashes for leaf ${index} of ${size}`)
  if (!equalBytes(found, root)) throw new ProofError('root', 'the proof does not lead to the root that is signed')
  return true
}

/** @throws ProofError `receipt-form` naming the member */
function readReceipt(input: unknown): Receipt {
  if (!isRecord(input)) throw wrong('receipt: not an object')
  const { schema, entry, index, size, proof, checkpoint } = input
  if (schema !== 'urn:sekisho:receipt:v1') throw wrong('schema: not urn:sekisho:receipt:v1')
  if (typeof index !== 'number' || !isSize(index)) throw wrong('index: not a whole number')
  if (typeof size !== 'number' || !isSize(size)) throw wrong('size: not a whole number')
  if (typeof checkpoint !== 'string') throw wrong('checkpoint: not a text')
  if (!Array.isArray(proof) || proof.length > PROOF_LIMIT) throw wrong(`proof: not a list of at most ${PROOF_LIMIT}`)
  const hashes = proof.map((text, i) => {
    const hash = readHash(text)
    if (hash === undefined) throw wrong(`proof[${i}]: not 32 bytes in base64`)
    return hash
  })
  return { entry: readEntry(entry), index, size, proof: hashes, checkpoint }
}

/** What should be an entry: every member is text, but `emulated`. @throws ProofError `receipt-form` */
export function readEntry(input: unknown): JsonRecord {
  if (!isRecord(input)) throw wrong('entry: not an object')
  for (const name of REQUIRED) if (typeof input[name] !== 'string') throw wrong(`entry.${name}: not a text`)
  for (const [name, value] of Object.entries(input)) {
    if (name === 'emulated' ? typeof value !== 'boolean' : !TEXTS.includes(name) || typeof value !== 'string')
      throw wrong(`entry.${name.slice(0, 40)}: not a member of an entry`)
  }
  if (!Object.hasOwn(input, 'emulated')) throw wrong('entry.emulated: missing')
  return input
}

function wrong(detail: string): ProofError {
  return new ProofError('receipt-form', detail)
}
