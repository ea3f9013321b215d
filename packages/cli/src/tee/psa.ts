import { parsePsaToken, psaFields, readCorim, verifyPsaSync } from '@sekisho/evidence/psa'
import { armEndorsements } from '../options/arm-files.ts'
import type { TeeDoor } from './door.ts'
import { toHex } from './shared.ts'

/** PSA behind the commands. */
export const psaDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, files }) {
    return verifyPsaSync(evidence, {
      at,
      endorsements: armEndorsements(files.arm, readCorim),
      expect,
      waive,
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => psaFields(parsePsaToken(evidence)),
  skeleton(evidence) {
    const { components, nonce, implementationId } = parsePsaToken(evidence)
    return {
      ...(components.length === 0 ? {} : { measurement: components.map(({ measurement }) => toHex(measurement)) }),
      reportData: toHex(nonce),
      products: [toHex(implementationId)],
    }
  },
}
