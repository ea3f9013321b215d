import type { CollateralSource } from '@sekisho/collateral'
import { sourceFor } from '@sekisho/collateral/requests'
import type { VerifyRequest } from './door.ts'

/** Where a verification may get collateral from; undefined when nowhere. */
export function sourceOfRequest({ files, source, at }: VerifyRequest): Promise<CollateralSource | undefined> {
  return sourceFor(files.bundles, source, at)
}

/** Whom to tell what a service has not got. Of files the verdict says enough. */
export function tellMissing({ source, onMissing }: VerifyRequest): ((what: string) => void) | undefined {
  return source === undefined ? undefined : onMissing
}
