import { allZero, toHex } from '../core/bytes.ts'
import type { Skeleton } from '../core/skeleton.ts'
import type { IasEvidence } from './archive.ts'
import { IAS_ACCEPTABLE } from './report.ts'

/** Expectations that a report would meet, among them what the service held against the platform, where that can be accepted. */
export function iasSkeleton({ report }: IasEvidence): Skeleton {
  const { mrEnclave, reportData } = report.quote.report
  return {
    measurement: [toHex(mrEnclave)],
    ...(allZero(reportData) ? {} : { reportData: toHex(reportData) }),
    ...(report.nonce === undefined ? {} : { nonce: report.nonce }),
    ...(IAS_ACCEPTABLE.includes(report.status) ? { acceptStatuses: [report.status] } : {}),
    ...(report.advisories === undefined ? {} : { acceptAdvisories: report.advisories }),
  }
}
