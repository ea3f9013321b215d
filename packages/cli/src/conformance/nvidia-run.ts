import type { Chain, NvidiaCollateralInput, NvidiaReport } from '@sekisho/evidence/nvidia'
import type { CaseFiles } from './snp-files.ts'

/** A case about one report. */
export interface ReportRun {
  readonly folder: string
  readonly at: Date
  readonly evidence: Uint8Array
  readonly files: CaseFiles
  readonly input: NvidiaCollateralInput
  /** Undefined when it cannot be read. */
  readonly report: NvidiaReport | undefined
  readonly chain: Chain | undefined
}
