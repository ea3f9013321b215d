import { type CorimTrust, signedCorimStory } from '../arm/signed-corim.ts'
import type { EvidenceError } from '../core/errors.ts'
import { tell, tellNow } from '../crypto/story.ts'
import { corimWindow } from './document.ts'

/** A CoRIM without the signature that was around it, or why its signer does not vouch for it. */
export interface OpenedCorim {
  readonly unsigned?: Uint8Array
  /** From when it counts, where it or its signer says so. Milliseconds since 1970. */
  readonly from?: number
  /** Up to when it counts, where it or its signer says so. Milliseconds since 1970. */
  readonly until?: number
  readonly error?: EvidenceError
}

/**
 * Checks who signed a CoRIM of any profile, and takes the signature off: one of the keys must have signed it, and it
 * must be in date, by what its signer says and by what it says of itself.
 *
 * @throws TypeError where `at` is no time
 * @see draft-ietf-rats-corim, section 4.2
 */
export function openCorim(bytes: Uint8Array, trust: CorimTrust): Promise<OpenedCorim> {
  return tell(signedCorimStory(bytes, trust, corimWindow))
}

/** As {@link openCorim}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function openCorimSync(bytes: Uint8Array, trust: CorimTrust): OpenedCorim {
  return tellNow(signedCorimStory(bytes, trust, corimWindow))
}
