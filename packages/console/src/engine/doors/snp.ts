import { allZero, toHex } from '@sekisho/evidence'
import {
  AMD_ROOTS,
  decodeTcb,
  keyInfoOf,
  parseSnpReport,
  reportProduct,
  type SnpCollateralInput,
  type SnpExpectations,
  type SnpReport,
  snpCatalogue,
  snpFields,
  snpSkeleton,
  tcbLayout,
  verifySnp,
} from '@sekisho/evidence/snp'
import { type AmdItem, newest } from '../bundle.ts'
import type { Collateral } from '../collateral.ts'
import { commonOptions, type Door } from '../door.ts'
import type { EndorsementNeed } from '../messages.ts'

/** SEV-SNP behind the page. */
export const snpDoor: Door = {
  roots: () => AMD_ROOTS,
  titles: snpCatalogue,
  fields: (evidence) => snpFields(parseSnpReport(evidence)),
  skeleton: (evidence) => snpSkeleton(parseSnpReport(evidence)),
  needs: (evidence) => snpNeeds(parseSnpReport(evidence)),
  verify: (request) =>
    verifySnp(request.evidence, {
      ...commonOptions<SnpExpectations>(request),
      collateral: snpCollateralOf(parseSnpReport(request.evidence), request.collateral, request.at),
    }),
}

/** The parts from files, for what they lack a bundle's, and only then the list that came with the evidence. */
export function snpCollateralOf(report: SnpReport, { snp, bundled, beside }: Collateral, at: Date): SnpCollateralInput {
  const items = bundled.filter((item): item is AmdItem => item.kind === 'amd' && fits(item, report))
  const item = newest(items, at.getTime())
  if (item === undefined) return { ...beside.snp, ...snp }
  // A leaf that a bundle has for a chip that hides itself is of whichever chip the bundle was made for.
  const leaf =
    item.leaf === undefined || hidesItsChip(report) ? {} : item.vlek ? { vlek: item.leaf } : { vcek: item.leaf }
  const intermediate = item.vlek ? { asvk: item.intermediate } : { ask: item.intermediate }
  return { ...leaf, ...intermediate, ark: item.root, crl: item.crl, ...snp }
}

function fits(item: AmdItem, report: SnpReport): boolean {
  const product = reportProduct(report)
  if (product !== undefined && item.product !== product) return false
  if (item.vlek !== (keyInfoOf(report.keyInfo).signingKey === 'vlek')) return false
  if (hidesItsChip(report)) return true
  if (!item.vlek && (item.chipId === '' || !toHex(report.chipId).startsWith(item.chipId))) return false
  const { tcb } = item
  if (tcb === undefined) return true
  return Object.entries(decodeTcb(report.reportedTcb, tcbLayout(product))).every(
    ([name, svn]) => tcb[name] === undefined || tcb[name] === svn,
  )
}

/** Whether the chip's own key signed and the report does not say which chip: its certificate comes with the evidence. */
function hidesItsChip(report: SnpReport): boolean {
  return keyInfoOf(report.keyInfo).signingKey !== 'vlek' && allZero(report.chipId)
}

/** What names the chip to AMD's key service. A report of version 2 does not tell its product: either of the older two. */
export function snpNeeds(report: SnpReport): readonly EndorsementNeed[] {
  const product = reportProduct(report)
  const products = product !== undefined ? [product] : report.cpuidFamily === undefined ? OLDER : []
  const vlek = keyInfoOf(report.keyInfo).signingKey === 'vlek'
  return products.map((name) => ({
    amd: {
      product: name,
      vlek,
      ...(allZero(report.chipId) ? {} : { chipId: toHex(report.chipId) }),
      ...(hidesItsChip(report) ? { leafGiven: true } : {}),
      tcb: { bootloader: 0, tee: 0, snp: 0, microcode: 0, ...decodeTcb(report.reportedTcb, tcbLayout(name)) },
    },
  }))
}

const OLDER = ['Milan', 'Genoa'] as const
