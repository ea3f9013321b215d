import { parsePsaToken, psaFields, psaSkeleton, readCorim, verifyCorimSync, verifyPsaSync } from '@sekisho/evidence/psa'
import { armEndorsements } from '../options/arm-files.ts'
import type { TeeDoor } from './door.ts'

/** PSA behind the commands. */
export const psaDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, files }) {
    return verifyPsaSync(evidence, {
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
  fields: (evidence) => psaFields(parsePsaToken(evidence)),
  skeleton: (evidence) => psaSkeleton(parsePsaToken(evidence)),
}
