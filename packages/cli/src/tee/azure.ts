import {
  azureFields,
  azureSkeleton,
  parseAzureEvidence,
  parseHclReport,
  verifyAzureSync,
} from '@sekisho/evidence/azure'
import { parseSnpReport } from '@sekisho/evidence/snp'
import { parseTdxQuote } from '@sekisho/evidence/tdx'
import type { TeeDoor } from './door.ts'
import { intelCollateral } from './intel.ts'
import { snpCollateralOf } from './snp.ts'

/** Azure confidential VMs behind the commands. */
export const azureDoor: TeeDoor = {
  async verify(request) {
    const { at, expect, waive, trustAnchors, eventLog } = request
    const parts = parseAzureEvidence(request.evidence)
    const hcl = parseHclReport(parts.hclReport)
    const snp = hcl.hardware === 'snp' ? await snpCollateralOf(parseSnpReport(hcl.hardwareReport), request) : undefined
    const tdx =
      parts.tdQuote === undefined ? undefined : await intelCollateral('tdx', parseTdxQuote(parts.tdQuote), request)
    return verifyAzureSync(eventLog === undefined ? parts : { ...parts, eventLog }, {
      at,
      expect,
      waive,
      collateral: { ...(snp === undefined ? {} : { snp }), ...(tdx === undefined ? {} : { tdx }) },
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => azureFields(parseAzureEvidence(evidence)),
  skeleton: (evidence) => azureSkeleton(parseAzureEvidence(evidence)),
}
