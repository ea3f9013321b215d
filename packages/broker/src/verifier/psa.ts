import { parsePsaToken, psaSkeleton, verifyPsaSync } from '@sekisho/evidence/psa'
import { armEndorser } from './arm.ts'
import { fittedBinding, lasting } from './bytes.ts'
import type { Door, Surroundings } from './model.ts'

/** PSA. As with Arm CCA there is no global root: whoever runs the verifier says whose keys count. */
export function psaDoor(around: Surroundings): Door {
  const endorse = armEndorser(around)
  return {
    skeleton: ({ evidence }) => lasting(psaSkeleton(parsePsaToken(evidence))),
    // The challenge has 32, 48 or 64 bytes (RFC 9783, 4.1.1).
    binding: ({ evidence }, digest) => fittedBinding(digest, parsePsaToken(evidence).nonce.length),
    async verify({ evidence }, { expect, at, waive, kept }) {
      const { endorsements, collateral } = endorse(kept)
      const options = { at, expect, endorsements, ...around.anchors([]) }
      return { verdict: verifyPsaSync(evidence, waive === undefined ? options : { ...options, waive }), collateral }
    },
  }
}
