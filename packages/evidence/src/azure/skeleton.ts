import { toHex } from '../core/bytes.ts'
import type { Skeleton } from '../core/skeleton.ts'
import { parseSnpReport } from '../snp/report.ts'
import { tpmSkeleton } from '../tpm/skeleton.ts'
import type { AzureEvidence } from './evidence.ts'
import { parseHclReport, tdReportParts } from './hcl.ts'

/**
 * Expectations that the evidence would meet: the hardware's launch measurement, and what the vTPM quotes.
 *
 * @throws EvidenceError for parts that cannot be read
 */
export function azureSkeleton({ hclReport, quote }: AzureEvidence): Skeleton {
  const hcl = parseHclReport(hclReport)
  const measurement =
    hcl.hardware === 'snp' ? parseSnpReport(hcl.hardwareReport).measurement : tdReportParts(hcl.hardwareReport).mrTd
  const { reportData, ...vtpm } = quote === undefined ? {} : tpmSkeleton(quote)
  return {
    measurement: [toHex(measurement)],
    ...(reportData === undefined ? {} : { reportData }),
    ...(Object.keys(vtpm).length === 0 ? {} : { vtpm }),
  }
}
