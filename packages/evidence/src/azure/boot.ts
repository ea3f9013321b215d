import { digestHex } from '../core/assemble.ts'
import { concatBytes, toHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import type { Memory, Remembered } from '../core/memory.ts'
import { type DigestJob, type SignatureJob, sha256 } from '../crypto/jobs.ts'
import { parseSnpReport } from '../snp/report.ts'
import { parseTdxQuote } from '../tdx/report.ts'
import type { AzureEvidence } from './evidence.ts'
import { type HclReport, parseHclReport } from './hcl.ts'
import { type RuntimeClaims, readRuntimeClaims } from './runtime-claims.ts'
import type { HardwareFacts, Part } from './state.ts'

/**
 * What of an Azure confidential VM is the same since its boot: the HCL report with the claims in it, and the hardware
 * report's own signature check. All of it follows from the bytes alone; what depends on time, collateral, anchors or
 * expectations is judged anew on each use.
 */
export class AzureBoot implements Remembered {
  readonly hcl: HclReport
  readonly claims: Part<RuntimeClaims>
  /** Over the claims, as the hardware report has it. */
  readonly digest: DigestJob
  readonly certificates: readonly [] = []
  /** Signature checks of the hardware report that verified; none before it is kept. */
  jobs: readonly SignatureJob[] = []
  readonly #tdQuote: Uint8Array | undefined
  #facts: HardwareFacts | undefined

  /** @throws EvidenceError when the HCL report cannot be read */
  constructor({ hclReport, tdQuote }: AzureEvidence) {
    const hcl = parseHclReport(hclReport)
    this.hcl = hcl
    this.claims = partOf(() => readRuntimeClaims(hcl.claims))
    this.digest = { kind: 'digest', algorithm: hcl.hash, data: hcl.claims }
    this.#tdQuote = tdQuote
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
    if (this.#tdQuote === undefined) return undefined
    const { reportData, mrTd } = parseTdxQuote(this.#tdQuote).body
    return { reportData: toHex(reportData), measurement: toHex(mrTd), vmpl: undefined }
  }
}

/** What `read` gives, or why it cannot. */
export function partOf<T>(read: () => T): Part<T> {
  try {
    return { value: read() }
  } catch (error) {
    if (error instanceof EvidenceError) return { error }
    throw error
  }
}

/** The digest that a memory knows a boot by: over every byte of the HCL report and the TD quote, framed. */
export function bootKey({ hclReport, tdQuote }: AzureEvidence): DigestJob {
  const { length } = hclReport
  const frame = Uint8Array.of(length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff)
  const kind = Uint8Array.of(tdQuote === undefined ? 0 : 1)
  const data = concatBytes(kind, frame, hclReport, tdQuote ?? new Uint8Array(0))
  return sha256(data)
}

/** Looks a boot up by its settled key. */
export function recallBoot(memory: Memory, key: DigestJob): AzureBoot | undefined {
  const found = memory.get(`azure:${digestHex(key)}`)
  return found instanceof AzureBoot ? found : undefined
}

/** Keeps a boot whose hardware report's signature verified. */
export function rememberBoot(memory: Memory, key: DigestJob, boot: AzureBoot, jobs: readonly SignatureJob[]): void {
  if (jobs.length === 0) return
  boot.jobs = jobs
  memory.set(`azure:${digestHex(key)}`, boot, key.data.length)
}
