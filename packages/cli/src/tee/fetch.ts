import type { BundleItem, CollateralSource } from '@sekisho/collateral'
import type { Recognised } from '@sekisho/evidence/recognise'
import { unreadable } from '../exit.ts'

/** Everything that verifying a piece of evidence needs from its vendor. @throws CollateralError, CliError */
export async function itemsFor(
  { tee, evidence }: Recognised,
  source: CollateralSource,
): Promise<readonly BundleItem[]> {
  if (tee === 'snp') {
    const { amdItems } = await import('@sekisho/collateral/requests/amd')
    const { parseSnpReport } = await import('@sekisho/evidence/snp')
    return someOf(
      await amdItems(parseSnpReport(evidence), source),
      'AMD’s key service has no endorsements for this report',
    )
  }
  if (tee !== 'sgx' && tee !== 'tdx') throw unreadable(`no endorsements can be fetched for evidence of the kind ${tee}`)
  const quote =
    tee === 'sgx'
      ? (await import('@sekisho/evidence/sgx')).parseSgxQuote(evidence)
      : (await import('@sekisho/evidence/tdx')).parseTdxQuote(evidence)
  const { intelItems } = await import('@sekisho/collateral/requests/intel')
  return someOf(
    await intelItems(tee, quote, source),
    'the quote does not say which platform it is from, so that nothing can be asked for',
  )
}

function someOf(items: readonly BundleItem[], otherwise: string): readonly BundleItem[] {
  if (items.length === 0) throw unreadable(otherwise)
  return items
}
