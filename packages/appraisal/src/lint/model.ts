/** Something about a policy that is allowed and probably not meant. */
export interface LintFinding {
  readonly code: LintCode
  readonly severity: 'error' | 'warning'
  /** Of the statement, counted from 1. */
  readonly line: number
  /** The statement's id; `policy0` where the finding is about the policy as a whole. */
  readonly id: string
  readonly message: string
  readonly remedy: string
}

/** Stable names of findings. */
export type LintCode =
  | 'unreachable'
  | 'duplicate'
  | 'constant-condition'
  | 'base-unpinned'
  | 'debug-allowed'
  | 'no-attestation'
  | 'workload-unpinned'
  | 'emulated-allowed'
  | 'exception-without-end'
  | 'misspelt-value'
  | 'nothing-permitted'
