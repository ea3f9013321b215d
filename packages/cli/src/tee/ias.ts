import { iasFields, parseIas, verifyIasSync } from '@sekisho/evidence/ias'
import type { TeeDoor } from './door.ts'
import { isZero, toHex } from './shared.ts'

/** Archived reports of Intel's attestation service behind the commands. Their certificates come with them. */
export const iasDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors }) {
    return verifyIasSync(evidence, { at, expect, waive, ...(trustAnchors === undefined ? {} : { trustAnchors }) })
  },
  fields: (evidence) => iasFields(parseIas(evidence)),
  skeleton(evidence) {
    const { report } = parseIas(evidence)
    const { mrEnclave, reportData } = report.quote.report
    return {
      measurement: [toHex(mrEnclave)],
      ...(isZero(reportData) ? {} : { reportData: toHex(reportData) }),
      ...(report.nonce === undefined ? {} : { nonce: report.nonce }),
      ...(report.status === 'OK' ? {} : { acceptStatuses: [report.status] }),
      ...(report.advisories === undefined ? {} : { acceptAdvisories: report.advisories }),
    }
  },
}
