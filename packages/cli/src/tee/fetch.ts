import type { BundleItem, CollateralSource } from '@sekisho/collateral'
import type { Recognised } from '@sekisho/evidence/recognise'
import { unreadable } from '../exit.ts'

type Piece = Pick<Recognised, 'tee' | 'evidence'>

/** Whether there is a service to ask for what verifying this kind of evidence needs. */
export function isFetchable({ tee }: Piece): boolean {
  return tee === 'snp' || tee === 'sgx' || tee === 'tdx' || tee === 'azure-vtpm'
}

/** Everything that verifying a piece of evidence needs from its vendor. @throws CollateralError, CliError */
export async function itemsFor(piece: Piece, source: CollateralSource): Promise<readonly BundleItem[]> {
  const { tee, evidence } = piece.tee === 'azure-vtpm' ? await hardwareOf(piece.evidence) : piece
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

/** What the processor signed of an Azure VM: an SEV-SNP report, or the TD quote that came along. */
async function hardwareOf(evidence: Uint8Array): Promise<Piece> {
  const { parseAzureJson, parseHclReport } = await import('@sekisho/evidence/azure')
  const { hclReport, tdQuote } = parseAzureJson(evidence)
  const { hardware, hardwareReport } = parseHclReport(hclReport)
  if (hardware === 'snp') return { tee: 'snp', evidence: hardwareReport }
  if (tdQuote === undefined) throw unreadable('there is no TD quote, and nothing to be fetched for a TDREPORT')
  return { tee: 'tdx', evidence: tdQuote }
}

function someOf(items: readonly BundleItem[], otherwise: string): readonly BundleItem[] {
  if (items.length === 0) throw unreadable(otherwise)
  return items
}
