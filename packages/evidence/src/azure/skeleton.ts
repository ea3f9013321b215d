import { toHex } from '../core/bytes.ts'
import type { Skeleton } from '../core/skeleton.ts'
import { parseSnpReport } from '../snp/report.ts'
import { snpSkeleton } from '../snp/skeleton.ts'
import { tpmSkeleton } from '../tpm/skeleton.ts'
import type { AzureEvidence } from './evidence.ts'
import { type HclReport, parseHclReport, tdReportParts } from './hcl.ts'

/**
 * Expectations that the evidence would meet: the hardware's launch measurement, of SEV-SNP also product and TCB, and what
 * the vTPM quotes.
 *
 * @throws EvidenceError for parts that cannot be read
 */
export function azureSkeleton({ hclReport, quote }: AzureEvidence): Skeleton {
  const { reportData, ...vtpm } = quote === undefined ? {} : tpmSkeleton(quote)
  return {
    ...hardwareSkeleton(parseHclReport(hclReport)),
    ...(reportData === undefined ? {} : { reportData }),
    ...(Object.keys(vtpm).length === 0 ? {} : { vtpm }),
  }
}

// The report data are the digest of the runtime claims, which is checked without being asked for.
function hardwareSkeleton({ hardware, hardwareReport }: HclReport): Skeleton {
  if (hardware !== 'snp') return { measurement: [toHex(tdReportParts(hardwareReport).mrTd)] }
  const { measurement, reportData: _digest, ...own } = snpSkeleton(parseSnpReport(hardwareReport))
  return { measurement, hardware: own }
}
