import { toHex } from '../core/bytes.ts'
import type { Skeleton } from '../core/skeleton.ts'
import type { SevReport } from './report.ts'

/** Expectations that an attestation report would meet. */
export function sevSkeleton({ launchDigest, mnonce }: SevReport): Skeleton {
  return { measurement: [toHex(launchDigest)], nonce: toHex(mnonce) }
}
