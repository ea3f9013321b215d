import type { BundleItem, CollateralSource } from '@sekisho/collateral'
import type { TrustAnchor } from '@sekisho/evidence'
import type { Recognised } from '@sekisho/evidence/recognise'
import { unreadable } from '../exit.ts'

/** A piece of evidence, and what came with it. */
export type Piece = Pick<Recognised, 'tee' | 'evidence' | 'companions'>

/** Whether there is a service to ask for what verifying this kind of evidence needs. */
export function isFetchable({ tee }: Pick<Piece, 'tee'>): boolean {
  return tee === 'snp' || tee === 'sgx' || tee === 'tdx' || tee === 'azure-vtpm' || tee === 'nvidia-gpu'
}

/** What fetching takes beside the source. */
export interface Fetching {
  /** Roots that chains may lead to instead of the vendors'. */
  readonly trustAnchors: readonly TrustAnchor[] | undefined
  /** Told what the vendor has not got, where the rest is of use without it. */
  readonly onMissing: (what: string) => void
}

/** Everything that verifying a piece of evidence needs from its vendor. @throws CollateralError, CliError */
export async function itemsFor(
  piece: Piece,
  source: CollateralSource,
  fetching: Fetching,
): Promise<readonly BundleItem[]> {
  if (piece.tee === 'nvidia-gpu') return itemsForDevices(piece.evidence, source, fetching)
  const { tee, evidence } = piece.tee === 'azure-vtpm' ? await hardwareOf(piece.evidence) : piece
  if (tee === 'snp') {
    const { amdItems } = await import('@sekisho/collateral/requests/amd')
    const { parseSnpReport } = await import('@sekisho/evidence/snp')
    let why = 'the report does not tell its product'
    const onMissing = (what: string): void => {
      why = what
    }
    const items = await amdItems(parseSnpReport(evidence), source, await snpLeafBeside(piece), onMissing)
    return someOf(items, `AMD’s key service has no endorsements for this report: ${why}`)
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

/** A certificate of the chip that came with its report: where the report hides the chip, no service can be asked for it. */
async function snpLeafBeside({ companions }: Piece): Promise<Uint8Array | undefined> {
  const { noCollateralFiles, withCompanions } = await import('../options/collateral-files.ts')
  const { snpLeafOf } = await import('./snp.ts')
  return snpLeafOf((await withCompanions(noCollateralFiles(), companions)).snp)
}

/** What the processor signed of an Azure VM: an SEV-SNP report, or the TD quote that came along. */
export async function hardwareOf(evidence: Uint8Array): Promise<Omit<Piece, 'companions'>> {
  const { parseAzureEvidence, parseHclReport } = await import('@sekisho/evidence/azure')
  const { hclReport, tdQuote } = parseAzureEvidence(evidence)
  const { hardware, hardwareReport } = parseHclReport(hclReport)
  if (hardware === 'snp') return { tee: 'snp', evidence: hardwareReport }
  if (tdQuote === undefined) throw unreadable('there is no TD quote, and nothing to be fetched for a TDREPORT')
  return { tee: 'tdx', evidence: tdQuote }
}

async function itemsForDevices(
  evidence: Uint8Array,
  { nvidia }: CollateralSource,
  { trustAnchors, onMissing }: Fetching,
): Promise<readonly BundleItem[]> {
  if (nvidia === undefined) throw unreadable('no service of NVIDIA is asked')
  const { nvidiaDevice, nvidiaItems } = await import('@sekisho/collateral/requests/nvidia')
  const { splitNvidiaEvidence } = await import('@sekisho/evidence/nvidia')
  const devices = splitNvidiaEvidence(evidence).map(nvidiaDevice)
  const { items, missing } = await nvidiaItems(devices, nvidia, { items: [], at: new Date(0), trustAnchors })
  for (const what of missing) onMissing(what)
  return someOf(
    items,
    missing.length > 0
      ? 'nothing of what the devices need could be had'
      : 'no device brings a certificate chain that leads to NVIDIA’s root and signed its report: nothing is asked for',
  )
}

function someOf(items: readonly BundleItem[], otherwise: string): readonly BundleItem[] {
  if (items.length === 0) throw unreadable(otherwise)
  return items
}
