import { join } from 'node:path'
import { filesBelow, foldersIn, ROOT } from '../files.ts'

/** A test file of the workspace. */
export interface TestFile {
  /** Folder from the root: `packages/evidence`. */
  readonly home: string
  /** Below the home's `test`, as in the sources. */
  readonly path: string
}

/**
 * The test files whose path contains one of `filters`; all without filters. The list comes from the sources, not
 * from `dist`, so a test that was deleted does not run on and a test that was not compiled is a failure.
 */
export function testFiles(filters: readonly string[]): readonly TestFile[] {
  const homes = [...foldersIn(join(ROOT, 'packages')).map((name) => `packages/${name}`), 'bench', 'tools']
  return homes
    .flatMap((home) => filesBelow(join(ROOT, home, 'test'), '.test.ts').map((path) => ({ home, path })))
    .filter(
      ({ home, path }) => filters.length === 0 || filters.some((filter) => `${home}/test/${path}`.includes(filter)),
    )
}

/**
 * The parts that run side by side, of about the same length: the proof that damaged evidence is never accepted, evidence,
 * its other proofs and what makes, measures and appraises it, the web page in a browser, the command line, and everything else.
 */
export const PARTS = ['damage', 'evidence', 'around', 'console', 'cli', 'rest'] as const

/** One of {@link PARTS}. */
export type Part = (typeof PARTS)[number]

/** The files of a part. */
export function filesOf(files: readonly TestFile[], part: Part): readonly TestFile[] {
  return files.filter((file) => partOf(file) === part)
}

const AROUND: readonly string[] = ['appraisal', 'collateral', 'emulator', 'measurement']

function partOf({ home, path }: TestFile): Part {
  if (home === 'packages/evidence') {
    if (path === 'proof/damage.test.ts') return 'damage'
    return path.startsWith('proof/') ? 'around' : 'evidence'
  }
  if (AROUND.some((name) => home === `packages/${name}`)) return 'around'
  if (home === 'packages/console') return 'console'
  return home === 'packages/cli' ? 'cli' : 'rest'
}

/** Variable in which the filters of the command line reach the parts, as a JSON list. */
export const FILTERS = 'SEKISHO_TEST_FILTERS'
