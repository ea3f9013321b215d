import type { CollateralSource } from '@sekisho/collateral'
import type { VerifyRequest } from './door.ts'

/** Where collateral may come from, in order: the bundles that were given, then the network if it may be asked. */
export async function sourceFor(request: VerifyRequest): Promise<CollateralSource | undefined> {
  const { bundles } = request.files
  if (bundles.length === 0) return request.source
  const { bundleSource, chainSources } = await import('@sekisho/collateral')
  const sources = bundles.map((bundle) => bundleSource(bundle, request.at))
  return chainSources(...sources, ...(request.source === undefined ? [] : [request.source]))
}

/**
 * The first answer; what a source has not got is passed over.
 *
 * @throws CollateralError the last one that is worse than `not-found`, when there is no answer
 */
export async function firstFound<T>(asks: readonly (() => Promise<T>)[]): Promise<T | undefined> {
  let worst: unknown
  for (const ask of asks) {
    try {
      return await ask()
    } catch (error) {
      if (!isCollateralError(error)) throw error
      if (error.code !== 'not-found') worst = error
    }
  }
  if (worst !== undefined) throw worst
  return undefined
}

/** Whether an error is a CollateralError; asked by name, so that the network code is not loaded for it. */
export function isCollateralError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && error.name === 'CollateralError' && 'code' in error && typeof error.code === 'string'
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** Whether all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
