import { X509Certificate } from 'node:crypto'
import { allZero, toHex } from '@sekisho/evidence'
import {
  decodeTcb,
  keyInfoOf,
  reportProduct,
  type SnpCollateralInput,
  type SnpProduct,
  type SnpReport,
  type SnpTcb,
  tcbLayout,
} from '@sekisho/evidence/snp'
import type { BundleItem } from './bundle-items.ts'
import { firstFound } from './requests.ts'
import type { AmdCollateral, AmdRequest, AmdTcb, CollateralSource } from './types.ts'

/**
 * What to ask AMD's key service for: one request a product that the report may be of. A report of version 2 does
 * not tell its product; then the issuer in `leaf` tells, else both older products are asked for.
 *
 * @param leaf VCEK or VLEK that came with the report, DER or PEM, unverified
 */
export function snpRequests(report: SnpReport, leaf: Uint8Array | undefined): readonly AmdRequest[] {
  const vlek = keyInfoOf(report.keyInfo).signingKey === 'vlek'
  const isHidden = allZero(report.chipId)
  // A chip that hides itself has to bring its certificate; without one, zeros are asked for, of which no source has any.
  const leafGiven = isHidden && !vlek && leaf !== undefined
  const chipId = (vlek && isHidden) || leafGiven ? undefined : toHex(report.chipId)
  return productsOf(report, leaf).map((product) => ({
    product,
    tcb: amdTcb(decodeTcb(report.reportedTcb, tcbLayout(product))),
    vlek,
    ...(chipId === undefined ? {} : { chipId }),
    ...(leafGiven ? { leafGiven } : {}),
  }))
}

function productsOf(report: SnpReport, leaf: Uint8Array | undefined): readonly SnpProduct[] {
  const product = reportProduct(report)
  if (product !== undefined) return [product]
  if (report.cpuidFamily !== undefined) return []
  const issuer = leaf === undefined ? '' : issuerOf(leaf)
  const named = (['Milan', 'Genoa', 'Turin'] as const).filter((name) => issuer.includes(name))
  return named.length > 0 ? named : ['Milan', 'Genoa']
}

function issuerOf(leaf: Uint8Array): string {
  try {
    return new X509Certificate(leaf).issuer
  } catch {
    // Unreadable: the verifier's own check says so; here nothing is learned from it.
    return ''
  }
}

function amdTcb(tcb: SnpTcb): AmdTcb {
  const { fmc, bootloader = 0, tee = 0, snp = 0, microcode = 0 } = tcb
  return { bootloader, tee, snp, microcode, ...(fmc === undefined ? {} : { fmc }) }
}

/** What a source found, as the SEV-SNP verifier takes it. */
export function snpPartsOf(found: AmdCollateral): SnpCollateralInput {
  const leaf = found.leaf === undefined ? {} : found.vlek ? { vlek: found.leaf } : { vcek: found.leaf }
  const intermediate = found.vlek ? { asvk: found.intermediate } : { ask: found.intermediate }
  return { ...leaf, ...intermediate, ark: found.root, crl: found.crl }
}

/**
 * What a source has for an SEV-SNP report, as items of a bundle; empty when it has nothing.
 * @param leaf as for {@link snpRequests}
 * @throws CollateralError
 */
export async function amdItems(
  report: SnpReport,
  source: CollateralSource,
  leaf?: Uint8Array,
): Promise<readonly BundleItem[]> {
  const collateral = await firstFound(snpRequests(report, leaf).map((one) => () => source.amd(one)))
  return collateral === undefined ? [] : [{ kind: 'amd', collateral }]
}
