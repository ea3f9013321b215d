import { CollateralError } from './errors.ts'
import type { NetworkOptions } from './options.ts'
import type { CollateralSource, IntelTee } from './types.ts'

/** One row of Intel's list of TCB evaluation data numbers. Times are ISO 8601. */
export interface EvaluationNumber {
  readonly tcbEvaluationDataNumber: number
  readonly tcbRecoveryEventDate: string
  readonly tcbDate: string
}

/** A source that asks the vendors' services, or the mirrors it is pointed at, and keeps good answers in a cache. */
export interface NetworkSource extends CollateralSource {
  /** TCB evaluation data numbers that Intel's service offers for `tee`, highest first. */
  evaluationNumbers(tee: IntelTee): Promise<readonly EvaluationNumber[]>
}

/** Makes a source that asks Intel's and AMD's services. It can reach no host but those configured. */
export function networkSource(options: NetworkOptions = {}): NetworkSource {
  const missing = (): Promise<never> => Promise.reject(new CollateralError('unreachable', `no network in this build (${Object.keys(options).length} options)`))
  return { intel: missing, pck: missing, amd: missing, evaluationNumbers: missing }
}
