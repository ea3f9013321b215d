import { settle } from '#crypto'
import { toHex } from '../core/bytes.ts'
import { planIdBlock } from './id-block.ts'

/** What an ID block and its authentication prove by themselves. */
export interface SettledIdBlock {
  readonly signatureVerifies: boolean
  /** Undefined when there is no author key. */
  readonly authorSignatureVerifies: boolean | undefined
  /** SHA-384 of the 1028-byte keys, lower-case hex: what a report of the guest carries. */
  readonly idKeyDigest: string
  readonly authorKeyDigest: string | undefined
}

/**
 * Checks the signatures of an ID block, and computes the digests that a report of the guest will carry.
 * @throws EvidenceError when a part cannot be read
 */
export async function settleIdBlock(idBlock: Uint8Array, idAuth: Uint8Array): Promise<SettledIdBlock> {
  const proof = planIdBlock(new Uint8Array(idBlock), new Uint8Array(idAuth))
  await settle(proof.jobs)
  const hasAuthor = proof.auth.authorKeyAlgo !== 0
  return {
    signatureVerifies: proof.signature?.result === true,
    authorSignatureVerifies: hasAuthor ? proof.authorSignature?.result === true : undefined,
    idKeyDigest: toHex(proof.idKeyDigest.result ?? new Uint8Array()),
    authorKeyDigest: proof.authorKeyDigest?.result === undefined ? undefined : toHex(proof.authorKeyDigest.result),
  }
}
