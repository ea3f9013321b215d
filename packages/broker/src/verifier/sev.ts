import { AMD_SEV_ROOTS, parseSevReport, SEV_REPORT_SIZE, sevSkeleton, verifySevSync } from '@sekisho/evidence/sev'
import { lasting, NOTHING_KEPT } from './bytes.ts'
import { type Door, type Surroundings, UnboundEvidence } from './model.ts'

const UNBOUND =
  'a report of first-generation SEV is asked for by the host, who chooses its nonce: it names no key of the guest, ' +
  'and nothing can be released on it; give the secret to the guest while it is launched (LAUNCH_SECRET)'

/** First-generation SEV and SEV-ES. They are judged, and nothing is released on them. */
export function sevDoor(around: Surroundings): Door {
  return {
    skeleton: ({ evidence }) =>
      evidence.length === SEV_REPORT_SIZE ? lasting(sevSkeleton(parseSevReport(evidence))) : {},
    binding() {
      throw new UnboundEvidence(UNBOUND)
    },
    async verify({ evidence, companions }, { expect, at, waive }) {
      const certificates = companions.filter(({ kind }) => kind === 'certificates').map(({ bytes }) => bytes)
      const options = { at, expect, certificates, ...around.anchors(AMD_SEV_ROOTS) }
      const verdict = verifySevSync(evidence, waive === undefined ? options : { ...options, waive })
      return { verdict, collateral: NOTHING_KEPT }
    },
  }
}
