import { toHex } from '../core/bytes.ts'
import { type Skeleton, unlessZero } from '../core/skeleton.ts'
import type { Quote } from '../dcap/quote.ts'
import type { EnclaveReport } from './report.ts'

/** Expectations that a quote of an enclave would meet. */
export function sgxSkeleton({ body }: Quote<EnclaveReport>): Skeleton {
  return {
    measurement: [toHex(body.mrEnclave)],
    reportData: toHex(body.reportData),
    ...unlessZero('hostData', body.configId),
  }
}
