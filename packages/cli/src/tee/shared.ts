import type { CollateralSource } from '@sekisho/collateral'
import { sourceFor } from '@sekisho/collateral/requests'
import type { VerifyRequest } from './door.ts'

/** Where a verification may get collateral from; undefined when nowhere. */
export function sourceOfRequest({ files, source, at }: VerifyRequest): Promise<CollateralSource | undefined> {
  return sourceFor(files.bundles, source, at)
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
