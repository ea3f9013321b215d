import { IAS_ROOT, type IasExpectations, iasFields, parseIas, verifyIas } from '@sekisho/evidence/ias'
import { isZero, toHex } from '../bytes.ts'
import { commonOptions, type Door } from '../door.ts'

/** Archived reports of Intel's attestation service behind the page. Their certificates come with them. */
export const iasDoor: Door = {
  roots: () => [IAS_ROOT],
  titles: {},
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
  verify: (request) => verifyIas(request.evidence, commonOptions<IasExpectations>(request)),
}
