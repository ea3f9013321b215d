import type { CollateralSource } from '@sekisho/collateral'
import { sourceFor } from '@sekisho/collateral/requests'
import type { VerifyRequest } from './door.ts'

/** Where a verification may get collateral from; undefined when nowhere. */
export function sourceOfRequest({ files, source, at }: VerifyRequest): Promise<CollateralSource | undefined> {
  return sourceFor(files.bundles, source, at)
}
