import { toHex } from '../core/bytes.ts'
import { type Skeleton, unlessZero } from '../core/skeleton.ts'
import { decodeTcb, tcbLayout } from './products.ts'
import { reportProduct, type SnpReport } from './report.ts'

/** Expectations that a report would meet. The committed TCB is the one that the platform cannot go back behind. */
export function snpSkeleton(report: SnpReport): Skeleton {
  const product = reportProduct(report)
  return {
    measurement: [toHex(report.measurement)],
    reportData: toHex(report.reportData),
    ...unlessZero('hostData', report.hostData),
    ...(product === undefined ? {} : { products: [product] }),
    minTcb: decodeTcb(report.committedTcb, tcbLayout(product)),
  }
}
