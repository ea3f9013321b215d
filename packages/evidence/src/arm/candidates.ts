import type { CoseSign1 } from '../cbor/sign1.ts'
import type { Job, SignatureJob } from '../crypto/jobs.ts'
import type { EndorsedKey } from './endorsed.ts'
import { planSign1 } from './signature.ts'

/** A key that counts for a device, and the check of a token's signature with it. */
export interface KeyCandidate {
  readonly endorsed: EndorsedKey
  /** Undefined when it cannot verify under any circumstances. */
  readonly signature: SignatureJob | undefined
}

/** How many keys of one device are tried. */
export const MAX_CANDIDATES = 64

/** The check of a signature with each key of a device, of {@link MAX_CANDIDATES} at most. */
export function planCandidates(keys: readonly EndorsedKey[], cose: CoseSign1): readonly KeyCandidate[] {
  return keys.slice(0, MAX_CANDIDATES).map((endorsed) => ({ endorsed, signature: planSign1(cose, endorsed.key) }))
}

/** What must be computed before the key is known. */
export function candidateJobs(candidates: readonly KeyCandidate[]): readonly Job[] {
  return candidates.flatMap(({ endorsed, signature }) =>
    signature === undefined ? [endorsed.spki] : [endorsed.spki, signature],
  )
}

/** The key that signed; where none did, the first, for whose sake the signature fails. Jobs are settled. */
export function signingCandidate(candidates: readonly KeyCandidate[]): KeyCandidate | undefined {
  return candidates.find(({ signature }) => signature?.result === true) ?? candidates[0]
}
