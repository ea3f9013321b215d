import { azureFields, parseAzureJson, parseHclReport, tdReportParts, verifyAzureSync } from '@sekisho/evidence/azure'
import { parseSnpReport } from '@sekisho/evidence/snp'
import { parseTdxQuote } from '@sekisho/evidence/tdx'
import type { TeeDoor } from './door.ts'
import { intelCollateral } from './intel.ts'
import { toHex } from './shared.ts'
import { snpCollateralOf } from './snp.ts'
import { tpmSkeleton } from './tpm.ts'

/** Azure confidential VMs behind the commands. */
export const azureDoor: TeeDoor = {
  async verify(request) {
    const { at, expect, waive, trustAnchors, eventLog } = request
    const parts = parseAzureJson(request.evidence)
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
}
