/** One thing wrong with a policy text. Lines and columns count from 1. */
export interface PolicyProblem {
  readonly line: number
  readonly column: number
  readonly message: string
  /** What would mend it. */
  readonly hint?: string
}

/** Most problems that one error lists. */
const MAX_PROBLEMS = 100

/** A policy text that cannot be used: everything that is wrong with it, in the order of the text. */
export class PolicyError extends Error {
  readonly problems: readonly PolicyProblem[]

  constructor(problems: readonly PolicyProblem[]) {
    const [first] = problems
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    super(first === undefined ? 'the policy cannot be used' : `line ${first.line}: ${first.message}${more}`)
    this.name = 'PolicyError'
    this.problems = problems.slice(0, MAX_PROBLEMS)
  }
}
