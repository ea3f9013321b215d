import {
  AMD_SEV_ROOTS,
  parseSevReport,
  SEV_REPORT_SIZE,
  type SevExpectations,
  sevFields,
  verifySev,
} from '@sekisho/evidence/sev'
import { toHex } from '../bytes.ts'
import { commonOptions, type Door } from '../door.ts'

/** First-generation SEV and SEV-ES behind the page. */
export const sevDoor: Door = {
  roots: () => AMD_SEV_ROOTS,
  titles: {},
  fields: (evidence) => sevFields(evidence),
  skeleton(evidence) {
    if (evidence.length !== SEV_REPORT_SIZE) return {}
    const report = parseSevReport(evidence)
    return { measurement: [toHex(report.launchDigest)], nonce: toHex(report.mnonce) }
  },
  verify: (request) =>
    verifySev(request.evidence, {
      ...commonOptions<SevExpectations>(request),
      certificates: request.collateral.sevCertificates,
      ...(request.collateral.sevLaunch === undefined ? {} : { launch: request.collateral.sevLaunch }),
    }),
}
