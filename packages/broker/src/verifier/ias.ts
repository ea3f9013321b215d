import { IAS_ROOT, iasSkeleton, parseIas, verifyIasSync } from '@sekisho/evidence/ias'
import { lasting, NOTHING_KEPT } from './bytes.ts'
import { type Door, type Surroundings, UnboundEvidence } from './model.ts'

const UNBOUND =
  'Intel’s attestation service for EPID ended in April 2025: what it signed is archived, no report can name a session ' +
  'of today, and nothing can be released on one; attest the enclave with DCAP'

/** SGX with EPID: archived reports, whose certificates come with them. They are judged, and nothing is released on them. */
export function iasDoor(around: Surroundings): Door {
  return {
    skeleton: ({ evidence }) => lasting(iasSkeleton(parseIas(evidence))),
    binding() {
      throw new UnboundEvidence(UNBOUND)
    },
    async verify({ evidence }, { expect, at, waive }) {
      const options = { at, expect, ...around.anchors([IAS_ROOT]) }
      const verdict = verifyIasSync(evidence, waive === undefined ? options : { ...options, waive })
      return { verdict, collateral: NOTHING_KEPT }
    },
  }
}
