import { toHex } from '../core/bytes.ts'
import { type Skeleton, unlessZero } from '../core/skeleton.ts'
import type { Quote } from '../dcap/quote.ts'
import type { TdReport } from './report.ts'

/** Expectations that a quote of a trust domain would meet: the registers that were extended, and no others. */
export function tdxSkeleton({ body }: Quote<TdReport>): Skeleton {
  return {
    measurement: [toHex(body.mrTd)],
    ...unlessZero('rtmr0', body.rtmr0),
    ...unlessZero('rtmr1', body.rtmr1),
    ...unlessZero('rtmr2', body.rtmr2),
    ...unlessZero('rtmr3', body.rtmr3),
    reportData: toHex(body.reportData),
    ...unlessZero('hostData', body.mrConfigId),
  }
}
