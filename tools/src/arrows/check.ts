import { checkCycles } from './cycles.ts'
import { checkPackages } from './package-rules.ts'
import { checkEvidence, checkIsomorphic } from './purity.ts'
import { readPackages, type Violation } from './tree.ts'

/** What the checker looked at and what it found. */
export interface ArrowsReport {
  readonly packages: number
  readonly files: number
  readonly violations: readonly Violation[]
}

/**
 * Holds the workspace at `root` to the plan's arrows: between packages, between files, between the
 * TEEs of `evidence`, and from code that runs in browsers to Node.
 * @throws Error when there is no package to look at: a checker that saw nothing must not pass.
 */
export function checkArrows(root: string): ArrowsReport {
  const packages = readPackages(root)
  const files = packages.reduce((sum, tree) => sum + tree.files.length, 0)
  if (files === 0) throw new Error(`no package with TypeScript files below ${root}`)
  const violations = [
    ...checkPackages(packages),
    ...checkCycles(packages),
    ...checkIsomorphic(packages),
    ...checkEvidence(packages),
  ]
  return { packages: packages.length, files, violations }
}
