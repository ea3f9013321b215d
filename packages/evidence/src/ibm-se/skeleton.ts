import { toHex } from '../core/bytes.ts'
import type { Skeleton } from '../core/skeleton.ts'
import type { SeExchange } from './exchange.ts'

/** Expectations that an exchange would meet. What it measures, only the image's header and the request's key tell. */
export function ibmSeSkeleton({ entries: { userData } }: SeExchange): Skeleton {
  return userData.bytes === undefined ? {} : { reportData: toHex(userData.bytes) }
}
