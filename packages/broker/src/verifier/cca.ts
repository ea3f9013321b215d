import { ccaSkeleton, parseCcaToken, verifyCcaSync } from '@sekisho/evidence/cca'
import { armEndorser } from './arm.ts'
import { fullBinding, lasting } from './bytes.ts'
import type { Door, Surroundings } from './model.ts'

/** Arm CCA. There is no global root: whoever runs the verifier says whose keys count. */
export function ccaDoor(around: Surroundings): Door {
  const endorse = armEndorser(around)
  return {
    skeleton: ({ evidence }) => lasting(ccaSkeleton(parseCcaToken(evidence))),
    binding: (_received, digest) => fullBinding(digest),
    async verify({ evidence }, { expect, at, waive, kept }) {
      const { endorsements, collateral } = endorse(kept)
      const options = { at, expect, endorsements, memory: around.memory, ...around.anchors([]) }
      return { verdict: verifyCcaSync(evidence, waive === undefined ? options : { ...options, waive }), collateral }
    },
  }
}
