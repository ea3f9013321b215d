import { isoTime } from '../core/time.ts'
import type { DcapCollateral } from './collateral.ts'
import { valueOf } from './part.ts'
import type { PckExtensions } from './pck.ts'
import { platformOf } from './platform.ts'
import type { Quote } from './quote.ts'

/** The certificate of a platform, as far as it can be read; nothing about it was verified. */
export interface PlatformCertificate {
  /** Lower-case hex. */
  readonly serial: string
  /** Common name. */
  readonly issuer: string
  /** ISO 8601. */
  readonly notBefore: string
  readonly notAfter: string
  readonly extensions: PckExtensions | undefined
}

/**
 * Reads the PCK certificate that belongs to a quote: the collateral's, or the quote's own.
 * @returns undefined when there is none, or it cannot be read
 */
export function readPlatformCertificate(
  quote: Quote<unknown>,
  collateral: DcapCollateral,
): PlatformCertificate | undefined {
  const { pckChain, caChain, pool } = collateral
  // A certificate that came without its chain (type 4) names the platform whose collateral completes it.
  const chain = valueOf(platformOf(quote, { pckChain, caChain: caChain ?? '', pool }).chain)
  if (chain === undefined) return undefined
  const { serial, issuer, notBefore, notAfter } = chain.first
  return {
    serial,
    issuer: issuer.commonName ?? '',
    notBefore: isoTime(notBefore),
    notAfter: isoTime(notAfter),
    extensions: typeof chain.extensions === 'object' ? chain.extensions : undefined,
  }
}
