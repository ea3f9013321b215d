import { firstFound } from '@sekisho/collateral/requests'
import { snpPartsOf, snpRequests } from '@sekisho/collateral/requests/amd'
import {
  decodeTcb,
  parseSnpReport,
  reportProduct,
  type SnpCollateralInput,
  type SnpReport,
  snpFields,
  tcbLayout,
  verifySnpSync,
} from '@sekisho/evidence/snp'
import type { SnpPart } from '../options/collateral-files.ts'
import type { Expectations, TeeDoor, VerifyRequest } from './door.ts'
import { isZero, sourceOfRequest, toHex } from './shared.ts'

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
  const source = await sourceOfRequest(request)
  if (source === undefined) return snp
  const found = await firstFound(snpRequests(report, snp.vlek ?? snp.vcek).map((one) => () => source.amd(one)))
  return found === undefined ? snp : { ...snpPartsOf(found), ...snp }
}
