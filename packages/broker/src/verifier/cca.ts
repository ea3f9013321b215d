import { canonicalJson } from '@sekisho/evidence'
import {
  type ArmEndorsementsInput,
  ccaSkeleton,
  parseCcaToken,
  prepareArmEndorsements,
  verifyCcaSync,
} from '@sekisho/evidence/cca'
import { fullBinding, keep, lasting } from './bytes.ts'
import type { Door, Surroundings } from './model.ts'

/** Arm CCA. There is no global root: whoever runs the verifier says whose keys count. */
export function ccaDoor(around: Surroundings): Door {
  const kept = keep(Buffer.from(canonicalJson({ ...around.options.arm })))
  const own = prepareArmEndorsements({ ...around.options.arm })
  return {
    skeleton: ({ evidence }) => lasting(ccaSkeleton(parseCcaToken(evidence))),
    binding: (_received, digest) => fullBinding(digest),
    async verify({ evidence }, { expect, at, waive, kept: given }) {
      const endorsements = given === undefined ? own : prepareArmEndorsements(readArm(given))
      const options = { at, expect, endorsements, memory: around.memory, ...around.anchors([]) }
      const verdict = verifyCcaSync(evidence, waive === undefined ? options : { ...options, waive })
      return { verdict, collateral: given === undefined ? kept : keep(given) }
    },
  }
}

function readArm(bytes: Uint8Array): ArmEndorsementsInput {
  const value: unknown = bytes.length === 0 ? {} : JSON.parse(Buffer.from(bytes).toString('utf8'))
  return typeof value === 'object' && value !== null ? value : {}
}
