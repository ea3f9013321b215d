import { concatBytes, equalBytes, toHex } from '../core/bytes.ts'
import type { Span } from '../core/kept.ts'
import { type Memory, memoryName, type Remembered } from '../core/memory.ts'
import { type Part, partOf } from '../core/part.ts'
import type { Verdict } from '../core/verdict.ts'
import type { DigestJob, SignatureJob } from '../crypto/jobs.ts'
import { parseSnpReport } from '../snp/report.ts'
import { parseTdxQuote } from '../tdx/report.ts'
import type { KeptQuote, QuoteKeeper } from '../tpm/kept-quote.ts'
import type { AzureEvidence, OwnAzure } from './evidence.ts'
import { type HclReport, parseHclReport } from './hcl.ts'
import { type RuntimeClaims, readRuntimeClaims } from './runtime-claims.ts'
import type { HardwareFacts } from './state.ts'

/**
 * What of an Azure confidential VM is the same since its boot: the HCL report with the claims in it, and the hardware
 * report's own signature check, which follow from the bytes alone; and the last verdicts about its parts, each with all
 * that it follows from beside them: where time, collateral, anchors or expectations give another one, it is judged anew.
 */
export class AzureBoot implements Remembered, QuoteKeeper {
  /** The evidence that the boot was first seen in. */
  readonly evidence: OwnAzure
  readonly hcl: HclReport
  readonly claims: Part<RuntimeClaims>
  /** Over the claims, as the hardware report has it. */
  readonly digest: DigestJob
  readonly certificates: readonly [] = []
  /** Signature checks of the hardware report that verified; none before it is kept. */
  jobs: readonly SignatureJob[] = []
  /** The verdict about the hardware report, when it was proven. */
  hardware: KeptHardware | undefined
  quote: KeptQuote | undefined
  #facts: HardwareFacts | undefined

  /** @throws EvidenceError when the HCL report cannot be read */
  constructor(evidence: OwnAzure) {
    const hcl = parseHclReport(evidence.parts.hclReport)
    this.evidence = evidence
    this.hcl = hcl
    this.claims = partOf(() => readRuntimeClaims(hcl.claims))
    this.digest = { kind: 'digest', algorithm: hcl.hash, data: hcl.claims }
  }

  /** Facts of the SNP report or the TD quote; undefined without a TD quote. @throws EvidenceError when it cannot be read */
  get facts(): HardwareFacts | undefined {
    this.#facts ??= this.#readFacts()
    return this.#facts
  }

  #readFacts(): HardwareFacts | undefined {
    if (this.hcl.hardware === 'snp') {
      const { reportData, measurement, vmpl } = parseSnpReport(this.hcl.hardwareReport)
      return { reportData: toHex(reportData), measurement: toHex(measurement), vmpl }
    }
    const { tdQuote } = this.evidence.parts
    if (tdQuote === undefined) return undefined
    const { reportData, mrTd } = parseTdxQuote(tdQuote).body
    return { reportData: toHex(reportData), measurement: toHex(mrTd), vmpl: undefined }
  }
}

/** A verdict that holds for the same report as long as nothing else that it follows from changes. */
export interface KeptHardware {
  /** What was asked for, as text: equal texts stand for equal wishes. */
  readonly settings: string
  /** Prepared endorsements, which never change. */
  readonly collateral: object
  readonly span: Span
  readonly verdict: Verdict
}

// Two pieces that differ between machines: the first half of an SNP report's REPORT_DATA, and that of a TDREPORT.
function nameOf({ hclReport }: AzureEvidence): string {
  return memoryName('azure', concatBytes(hclReport.subarray(112, 124), hclReport.subarray(160, 172)))
}

/** Looks a boot up by its HCL report and TD quote. */
export function recallBoot(memory: Memory, evidence: AzureEvidence): AzureBoot | undefined {
  const found = memory.get(nameOf(evidence))
  if (!(found instanceof AzureBoot)) return undefined
  const { parts } = found.evidence
  const same =
    equalBytes(parts.hclReport, evidence.hclReport) &&
    (parts.tdQuote === undefined) === (evidence.tdQuote === undefined) &&
    equalBytes(parts.tdQuote ?? NOTHING, evidence.tdQuote ?? NOTHING)
  return same ? found : undefined
}

/** Keeps a boot whose hardware report's signature verified. */
export function rememberBoot(memory: Memory, boot: AzureBoot, jobs: readonly SignatureJob[]): void {
  if (jobs.length === 0) return
  boot.jobs = jobs
  memory.set(nameOf(boot.evidence.parts), boot, boot.evidence.whole.length + (boot.quote?.evidence.whole.length ?? 0))
}

const NOTHING: Uint8Array = new Uint8Array(0)
