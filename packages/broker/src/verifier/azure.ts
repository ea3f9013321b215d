import {
  type AzureEvidence,
  azureSkeleton,
  parseAzureEvidence,
  parseHclReport,
  verifyAzureSync,
} from '@sekisho/evidence/azure'
import type { DcapCollateral } from '@sekisho/evidence/sgx'
import { AMD_ROOTS, parseSnpReport, type SnpCollateral } from '@sekisho/evidence/snp'
import { INTEL_ROOT, parseTdxQuote } from '@sekisho/evidence/tdx'
import { parseAttest, tpmComparable } from '@sekisho/evidence/tpm'
import { fittedBinding, keep, lasting } from './bytes.ts'
import { intelEndorser } from './intel.ts'
import type { Door, JudgeRequest, KeptCollateral, Surroundings } from './model.ts'
import { snpEndorser } from './snp.ts'

/** Endorsements of the hardware report, as they are kept, and what was not to be had. */
interface Endorsed {
  readonly collateral: { readonly snp?: SnpCollateral; readonly tdx?: DcapCollateral }
  readonly kept: KeptCollateral
  readonly missing?: string
}

/** Azure confidential VMs: the hardware report, and the vTPM's quote by the key that it binds. */
export function azureDoor(around: Surroundings): Door {
  const snp = snpEndorser(around)
  const tdx = intelEndorser('tdx', around)
  const endorse = async (parts: AzureEvidence, request: JudgeRequest): Promise<Endorsed> => {
    const hcl = parseHclReport(parts.hclReport)
    if (hcl.hardware === 'snp') {
      const leaf =
        parts.vcek === undefined
          ? []
          : [{ kind: 'certificates' as const, from: 'vcek', label: 'VCEK', bytes: parts.vcek }]
      const { collateral, ...rest } = await snp(parseSnpReport(hcl.hardwareReport), { companions: leaf }, request)
      return { collateral: { snp: collateral }, ...rest }
    }
    if (parts.tdQuote === undefined) return { collateral: {}, kept: keep(new Uint8Array()) }
    const { collateral, ...rest } = await tdx(parseTdxQuote(parts.tdQuote), request)
    return { collateral: { tdx: collateral }, ...rest }
  }
  return {
    skeleton: ({ evidence }) => lasting(azureSkeleton(parseAzureEvidence(evidence))),
    comparable: ({ evidence }) => {
      const parts = parseAzureEvidence(evidence)
      const vtpm = parts.quote === undefined ? {} : { vtpm: lasting(tpmComparable(parts.quote)) }
      return { ...lasting(azureSkeleton(parts)), ...vtpm }
    },
    binding({ evidence }, digest) {
      const { quote } = parseAzureEvidence(evidence)
      return fittedBinding(digest, quote === undefined ? 0 : parseAttest(quote.message).extraData.length)
    },
    async verify({ evidence, eventLog }, request) {
      const { expect, at, waive } = request
      const parts = parseAzureEvidence(evidence)
      const { collateral, kept, missing } = await endorse(parts, request)
      const verdict = verifyAzureSync(eventLog === undefined ? parts : { ...parts, eventLog }, {
        at,
        expect,
        collateral,
        memory: around.memory,
        ...around.anchors([...AMD_ROOTS, INTEL_ROOT]),
        ...(waive === undefined ? {} : { waive }),
      })
      return { verdict, collateral: kept, ...(missing === undefined ? {} : { missing }) }
    },
  }
}
