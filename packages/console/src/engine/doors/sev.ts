import {
  AMD_SEV_ROOTS,
  parseSevReport,
  SEV_REPORT_SIZE,
  type SevExpectations,
  sevFields,
  sevSkeleton,
  verifySev,
} from '@sekisho/evidence/sev'
import { commonOptions, type Door } from '../door.ts'

/** First-generation SEV and SEV-ES behind the page. */
export const sevDoor: Door = {
  roots: () => AMD_SEV_ROOTS,
  titles: {},
  fields: (evidence) => sevFields(evidence),
  skeleton: (evidence) => (evidence.length === SEV_REPORT_SIZE ? sevSkeleton(parseSevReport(evidence)) : {}),
  verify: (request) =>
    verifySev(request.evidence, {
      ...commonOptions<SevExpectations>(request),
      certificates: request.collateral.sevCertificates,
      ...(request.collateral.sevLaunch === undefined ? {} : { launch: request.collateral.sevLaunch }),
    }),
}
