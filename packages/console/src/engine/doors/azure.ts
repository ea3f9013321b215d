import {
  type AzureExpectations,
  azureFields,
  azureSkeleton,
  parseAzureEvidence,
  parseHclReport,
  verifyAzure,
} from '@sekisho/evidence/azure'
import { AMD_ROOTS, parseSnpReport } from '@sekisho/evidence/snp'
import { INTEL_ROOT, parseTdxQuote } from '@sekisho/evidence/tdx'
import { commonOptions, type Door } from '../door.ts'
import { intelCollateral, intelNeeds } from './intel.ts'
import { snpCollateralOf, snpNeeds } from './snp.ts'

/** Azure confidential VMs behind the page. */
export const azureDoor: Door = {
  roots: (evidence) =>
    parseHclReport(parseAzureEvidence(evidence).hclReport).hardware === 'snp' ? AMD_ROOTS : [INTEL_ROOT],
  titles: {},
  fields: (evidence) => azureFields(parseAzureEvidence(evidence)),
  skeleton: (evidence) => azureSkeleton(parseAzureEvidence(evidence)),
  needs(evidence) {
    const parts = parseAzureEvidence(evidence)
    if (parts.tdQuote !== undefined) return intelNeeds('tdx', parseTdxQuote(parts.tdQuote))
    const { hardware, hardwareReport } = parseHclReport(parts.hclReport)
    return hardware === 'snp' ? snpNeeds(parseSnpReport(hardwareReport)) : []
  },
  verify(request) {
    const { collateral, at, eventLog } = request
    const parts = parseAzureEvidence(request.evidence)
    const hcl = parseHclReport(parts.hclReport)
    const snp =
      hcl.hardware === 'snp' ? { snp: snpCollateralOf(parseSnpReport(hcl.hardwareReport), collateral, at) } : {}
    const tdx =
      parts.tdQuote === undefined ? {} : { tdx: intelCollateral('tdx', parseTdxQuote(parts.tdQuote), collateral, at) }
    return verifyAzure(eventLog === undefined ? parts : { ...parts, eventLog }, {
      ...commonOptions<AzureExpectations>(request),
      collateral: { ...snp, ...tdx },
    })
  },
}
