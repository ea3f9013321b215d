import { toHex } from '../core/bytes.ts'
import type { Skeleton } from '../core/skeleton.ts'
import type { PsaToken } from './token.ts'

/** Expectations that a token would meet: its software components, and whose device it is. */
export function psaSkeleton({ components, nonce, implementationId }: PsaToken): Skeleton {
  return {
    ...(components.length === 0 ? {} : { measurement: components.map(({ measurement }) => toHex(measurement)) }),
    reportData: toHex(nonce),
    products: [toHex(implementationId)],
  }
}
