import { parseSevReport, SEV_REPORT_SIZE, sevFields, sevSkeleton, verifySevSync } from '@sekisho/evidence/sev'
import type { TeeDoor } from './door.ts'

/** First-generation SEV and SEV-ES behind the commands. */
export const sevDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, files: { sev } }) {
    return verifySevSync(evidence, {
      at,
      expect,
      waive,
      certificates: sev.certificates,
      ...(sev.launch === undefined ? {} : { launch: sev.launch }),
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => sevFields(evidence),
  skeleton: (evidence) => (evidence.length === SEV_REPORT_SIZE ? sevSkeleton(parseSevReport(evidence)) : {}),
}
