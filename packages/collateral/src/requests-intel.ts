import { toHex } from '@sekisho/evidence'
import type { Quote } from '@sekisho/evidence/sgx'
import type { BundleItem } from './bundle-items.ts'
import { firstFound } from './requests.ts'
import type { CollateralSource, IntelRequest, IntelTee, PckCertificate, PckRequest } from './types.ts'

/** What collateral a platform needs. */
export function intelRequest(tee: IntelTee, { fmspc, ca }: Pick<PckCertificate, 'fmspc' | 'ca'>): IntelRequest {
  return { tee, fmspc, ca }
}

/**
 * Whether a quote brings its PCK certificate along: with its chain (certification data of type 5), or alone (type 4);
 * the chain of the CRL's issuer completes that.
 */
export function hasPckChain({ certification: { type } }: Quote<unknown>): boolean {
  return type === 4 || type === 5
}

/**
 * The platform's certificate chain: the given one, the quote's own, or what `ask` answers for the ids in the quote.
 *
 * @param given PEM
 * @param onMissing told where `ask` does not have it
 * @returns undefined when none of them names a platform
 * @throws CollateralError when asking fails otherwise than by `not-found`
 */
export async function platformOf(
  quote: Quote<unknown>,
  given: string | undefined,
  ask: (request: PckRequest) => Promise<PckCertificate>,
  onMissing?: (what: string) => void,
): Promise<PckCertificate | undefined> {
  const { certification } = quote
  const pem = given ?? (hasPckChain(quote) ? new TextDecoder('latin1').decode(certification.data) : undefined)
  if (pem !== undefined) return describe(pem)
  const ids = idsOf(quote)
  return ids === undefined ? undefined : firstFound([() => ask(ids)], onMissing)
}

async function describe(pem: string): Promise<PckCertificate | undefined> {
  // Loaded when needed: it brings the readers of all vendors' documents along.
  const { describePck } = await import('./describe.ts')
  try {
    return describePck(withoutPadding(pem))
  } catch {
    // A chain that cannot be read names no platform to ask for; the verifier's own check says what is wrong with it.
    return undefined
  }
}

// From the end: an expression would begin at every NUL of whoever made the quote.
function withoutPadding(pem: string): string {
  let end = pem.length
  while (end > 0 && pem.charCodeAt(end - 1) === 0) end--
  return pem.slice(0, end)
}

function idsOf({ certification, header }: Quote<unknown>): PckRequest | undefined {
  if (certification.type > 3 || !('ppid' in certification)) return undefined
  const { ppid, cpuSvn, pceSvn, pceId } = certification
  // Intel's own sample leaves it out, and no service can be asked without it.
  if (pceId.length === 0) return undefined
  const encrypted = certification.type === 3 ? { encryptedPpid: toHex(ppid) } : {}
  return {
    ...encrypted,
    cpuSvn: toHex(cpuSvn),
    pceSvn,
    pceId: toHex(pceId),
    qeId: toHex(header.userData.subarray(0, 16)),
  }
}

/**
 * What a source has for an SGX or TDX quote, as items of a bundle; empty when the quote names no platform.
 * @throws CollateralError, `not-found` where the source does not have it
 */
export async function intelItems(
  tee: IntelTee,
  quote: Quote<unknown>,
  source: CollateralSource,
): Promise<readonly BundleItem[]> {
  const items: BundleItem[] = []
  let missing: unknown
  const platform = await platformOf(quote, undefined, async (request) => {
    try {
      const certificate = await source.pck(request)
      items.push({ kind: 'intel-pck', request, certificate })
      return certificate
    } catch (error) {
      missing = error
      throw error
    }
  })
  // A platform that is named and that nobody knows is not one that is not named.
  if (missing !== undefined) throw missing
  if (platform === undefined) return []
  items.push({ kind: 'intel', collateral: await source.intel(intelRequest(tee, platform)) })
  return items
}
