import { ccaFields, ccaSkeleton, parseCcaToken, readCorim, verifyCcaSync, verifyCorimSync } from '@sekisho/evidence/cca'
import { armEndorsements } from '../options/arm-files.ts'
import type { TeeDoor } from './door.ts'

/** Arm CCA behind the commands. */
export const ccaDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, files }) {
    return verifyCcaSync(evidence, {
      at,
      endorsements: armEndorsements(
        files.arm,
        { readCorim, verifyCorimSync },
        { keys: files.token.keySets.at(-1)?.jwks, at },
      ),
      expect,
      waive,
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => ccaFields(parseCcaToken(evidence)),
  skeleton: (evidence) => ccaSkeleton(parseCcaToken(evidence)),
}
