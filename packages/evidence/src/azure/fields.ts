import { toHex } from '../core/bytes.ts'
import type { Field } from '../core/fields.ts'
import { attestFields } from '../tpm/fields.ts'
import { parseAttest } from '../tpm-structures/attest.ts'
import type { AzureEvidence } from './evidence.ts'
import { parseHclReport, tdReportParts } from './hcl.ts'

const SOURCE = 'Azure confidential VMs, HCL report'
const HEADER = 'not covered by any signature'

/** Every field of the HCL report and of the quote. The hardware report's own fields are for its TEE to show. */
export function azureFields(evidence: AzureEvidence): readonly Field[] {
  const hcl = parseHclReport(evidence.hclReport)
  const field = (path: string, offset: number, length: number, value: Field['value'], meaning?: string): Field => ({
    path: `hcl.${path}`,
    offset,
    length,
    value,
    source: SOURCE,
    ...(meaning === undefined ? {} : { meaning }),
  })
  const fields: Field[] = [
    field('version', 4, 4, hcl.headerVersion, HEADER),
    field('reportSize', 8, 4, hcl.reportSize, HEADER),
    field('requestType', 12, 4, hcl.requestType, HEADER),
    field('status', 16, 4, hcl.status, HEADER),
    field('hardwareReport', 32, 1184, hcl.hardware === 'snp' ? 'SNP report' : 'TDREPORT'),
    field('runtimeDataSize', 1216, 4, hcl.runtimeDataSize, HEADER),
    field('runtimeVersion', 1220, 4, hcl.runtimeVersion),
    field('reportType', 1224, 4, hcl.hardware === 'snp' ? 2 : 4, hcl.hardware === 'snp' ? 'SNP' : 'TDX'),
    field('hashType', 1228, 4, hcl.hash),
    field('claimsSize', 1232, 4, hcl.claims.length),
    field('claims', 1236, hcl.claims.length, toHex(hcl.claims), 'JSON; the hardware report holds its digest'),
  ]
  if (hcl.hardware === 'tdx') {
    const { reportData, mrTd } = tdReportParts(hcl.hardwareReport)
    fields.push(
      field('tdReport.reportData', 32 + 128, 64, toHex(reportData)),
      field('tdReport.mrTd', 32 + 528, 48, toHex(mrTd)),
    )
  }
  if (evidence.quote === undefined) return fields
  const { message, signature, pcrs } = evidence.quote
  fields.push(...attestFields(parseAttest(message), message.length), {
    path: 'quote.signature',
    length: signature.length,
    value: toHex(signature),
  })
  for (const [bank, values] of Object.entries(pcrs ?? {}))
    for (const [index, value] of Object.entries(values ?? {})) fields.push({ path: `pcrs.${bank}.${index}`, value })
  return fields
}
