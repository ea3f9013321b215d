import { firstFound } from '@sekisho/collateral/requests'
import { snpPartsOf, snpRequests } from '@sekisho/collateral/requests/amd'
import {
  parseSnpReport,
  type SnpCollateralInput,
  type SnpReport,
  snpFields,
  snpSkeleton,
  verifySnpSync,
} from '@sekisho/evidence/snp'
import type { SnpPart } from '../options/collateral-files.ts'
import type { TeeDoor, VerifyRequest } from './door.ts'
import { sourceOfRequest, tellMissing } from './shared.ts'

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
  skeleton: (evidence) => snpSkeleton(parseSnpReport(evidence)),
}

const NEEDED: readonly (readonly SnpPart[])[] = [
  ['vcek', 'vlek', 'certificateTable'],
  ['ask', 'asvk', 'certChain', 'certificateTable'],
  ['ark', 'certChain', 'certificateTable'],
  ['crl'],
]

/**
 * The parts from files, and for what they lack the bundles' or the source's. A revocation list that came with the
 * evidence is the last to be taken: whoever sent it may have kept one from before a certificate was revoked.
 */
export async function snpCollateralOf(report: SnpReport, request: VerifyRequest): Promise<SnpCollateralInput> {
  const { snp, snpCrlBeside } = request.files
  if (NEEDED.every((parts) => parts.some((part) => part in snp))) return snp
  const beside: SnpCollateralInput = snpCrlBeside === undefined ? {} : { crl: snpCrlBeside }
  const source = await sourceOfRequest(request)
  if (source === undefined) return { ...beside, ...snp }
  const asks = snpRequests(report, snp.vlek ?? snp.vcek).map((one) => () => source.amd(one))
  const found = await firstFound(asks, tellMissing(request))
  return found === undefined ? { ...beside, ...snp } : { ...beside, ...snpPartsOf(found), ...snp }
}
