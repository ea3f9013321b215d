import type { BundleItem, CollateralSource, IntelTee, PckRequest } from '@sekisho/collateral'
import type { Recognised } from '@sekisho/evidence/recognise'
import type { Quote } from '@sekisho/evidence/sgx'
import { unreadable } from '../exit.ts'
import { intelRequest, platformOf } from './intel.ts'
import { firstFound } from './shared.ts'

/** Everything that verifying a piece of evidence needs from its vendor. @throws CollateralError, CliError */
export async function itemsFor(
  { tee, evidence }: Recognised,
  source: CollateralSource,
): Promise<readonly BundleItem[]> {
  if (tee === 'snp') return amdItems(evidence, source)
  if (tee !== 'sgx' && tee !== 'tdx') throw unreadable(`no endorsements can be fetched for evidence of the kind ${tee}`)
  const quote =
    tee === 'sgx'
      ? (await import('@sekisho/evidence/sgx')).parseSgxQuote(evidence)
      : (await import('@sekisho/evidence/tdx')).parseTdxQuote(evidence)
  return intelItems(tee, quote, source)
}

async function amdItems(evidence: Uint8Array, source: CollateralSource): Promise<readonly BundleItem[]> {
  const { parseSnpReport } = await import('@sekisho/evidence/snp')
  const { snpRequests } = await import('./snp.ts')
  const collateral = await firstFound(
    snpRequests(parseSnpReport(evidence), undefined).map((one) => () => source.amd(one)),
  )
  if (collateral === undefined) throw unreadable('AMD’s key service has no endorsements for this report')
  return [{ kind: 'amd', collateral }]
}

async function intelItems(
  tee: IntelTee,
  quote: Quote<unknown>,
  source: CollateralSource,
): Promise<readonly BundleItem[]> {
  const items: BundleItem[] = []
  const platform = await platformOf(quote, undefined, async (request: PckRequest) => {
    const certificate = await source.pck(request)
    items.push({ kind: 'intel-pck', request, certificate })
    return certificate
  })
  if (platform === undefined)
    throw unreadable('the quote does not say which platform it is from, so that nothing can be asked for')
  items.push({ kind: 'intel', collateral: await source.intel(intelRequest(tee, platform)) })
  return items
}
