import {
  type AzureExpectations,
  azureFields,
  parseAzureJson,
  parseHclReport,
  tdReportParts,
  verifyAzure,
} from '@sekisho/evidence/azure'
import { AMD_ROOTS, parseSnpReport } from '@sekisho/evidence/snp'
import { INTEL_ROOT, parseTdxQuote } from '@sekisho/evidence/tdx'
import { toHex } from '../bytes.ts'
import { commonOptions, type Door } from '../door.ts'
import { intelCollateral } from './intel.ts'
import { snpCollateralOf } from './snp.ts'
import { tpmSkeleton } from './tpm.ts'

/** Azure confidential VMs behind the page. */
export const azureDoor: Door = {
  roots: (evidence) =>
    parseHclReport(parseAzureJson(evidence).hclReport).hardware === 'snp' ? AMD_ROOTS : [INTEL_ROOT],
  titles: {},
  fields: (evidence) => azureFields(parseAzureJson(evidence)),
  skeleton(evidence) {
    const { hclReport, quote } = parseAzureJson(evidence)
    const hcl = parseHclReport(hclReport)
    const measurement =
      hcl.hardware === 'snp' ? parseSnpReport(hcl.hardwareReport).measurement : tdReportParts(hcl.hardwareReport).mrTd
    const { reportData, ...vtpm } = quote === undefined ? {} : tpmSkeleton(quote)
    return {
      measurement: [toHex(measurement)],
      ...(reportData === undefined ? {} : { reportData }),
      ...(Object.keys(vtpm).length === 0 ? {} : { vtpm }),
    }
  },
  verify(request) {
    const { collateral, at, eventLog } = request
    const parts = parseAzureJson(request.evidence)
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
