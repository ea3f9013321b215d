import { X509Certificate } from 'node:crypto'
import type { AmdCollateral, AmdRequest, AmdTcb } from '@sekisho/collateral'
import {
  decodeTcb,
  keyInfoOf,
  parseSnpReport,
  reportProduct,
  type SnpCollateralInput,
  type SnpProduct,
  type SnpReport,
  type SnpTcb,
  snpFields,
  tcbLayout,
  verifySnpSync,
} from '@sekisho/evidence/snp'
import type { SnpPart } from '../options/collateral-files.ts'
import type { Expectations, TeeDoor, VerifyRequest } from './door.ts'
import { firstFound, isZero, sourceFor, toHex } from './shared.ts'

/** SEV-SNP behind the commands. */
export const snpDoor: TeeDoor = {
  async verify(request) {
    const collateral = await snpCollateralOf(parseSnpReport(request.evidence), request)
    const { evidence, at, expect, waive, trustAnchors } = request
    return verifySnpSync(evidence, {
      at,
      collateral,
      expect,
      waive,
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => snpFields(parseSnpReport(evidence)),
  skeleton: (evidence) => skeletonOf(parseSnpReport(evidence)),
}

function skeletonOf(report: SnpReport): Expectations {
  const product = reportProduct(report)
  return {
    measurement: [toHex(report.measurement)],
    reportData: toHex(report.reportData),
    ...(isZero(report.hostData) ? {} : { hostData: [toHex(report.hostData)] }),
    ...(product === undefined ? {} : { products: [product] }),
    minTcb: decodeTcb(report.committedTcb, tcbLayout(product)),
  }
}

const NEEDED: readonly (readonly SnpPart[])[] = [
  ['vcek', 'vlek', 'certificateTable'],
  ['ask', 'asvk', 'certChain', 'certificateTable'],
  ['ark', 'certChain', 'certificateTable'],
  ['crl'],
]

/** The parts from files, and for what they lack the bundles' or the source's. */
export async function snpCollateralOf(report: SnpReport, request: VerifyRequest): Promise<SnpCollateralInput> {
  const { snp } = request.files
  if (NEEDED.every((parts) => parts.some((part) => part in snp))) return snp
  const source = await sourceFor(request)
  if (source === undefined) return snp
  const found = await firstFound(snpRequests(report, snp.vlek ?? snp.vcek).map((one) => () => source.amd(one)))
  return found === undefined ? snp : { ...partsOf(found), ...snp }
}

/** What to ask AMD's key service for: one request a product that the report may be of. */
export function snpRequests(report: SnpReport, leaf: Uint8Array | undefined): readonly AmdRequest[] {
  const vlek = keyInfoOf(report.keyInfo).signingKey === 'vlek'
  const chipId = isZero(report.chipId) ? undefined : toHex(report.chipId)
  return productsOf(report, leaf).map((product) => ({
    product,
    tcb: amdTcb(decodeTcb(report.reportedTcb, tcbLayout(product))),
    vlek,
    ...(chipId === undefined ? {} : { chipId }),
  }))
}

// Version 2 does not tell its product, and is older than Turin: the leaf tells, or whoever knows the chip.
function productsOf(report: SnpReport, leaf: Uint8Array | undefined): readonly SnpProduct[] {
  const product = reportProduct(report)
  if (product !== undefined) return [product]
  if (report.cpuidFamily !== undefined) return []
  const issuer = leaf === undefined ? '' : issuerOf(leaf)
  const named = (['Milan', 'Genoa'] as const).filter((name) => issuer.includes(name))
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

function partsOf(found: AmdCollateral): SnpCollateralInput {
  const leaf = found.leaf === undefined ? {} : found.vlek ? { vlek: found.leaf } : { vcek: found.leaf }
  const intermediate = found.vlek ? { asvk: found.intermediate } : { ask: found.intermediate }
  return { ...leaf, ...intermediate, ark: found.root, crl: found.crl }
}
