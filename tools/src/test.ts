/**
 * `npm test -- [FILTER…]`: runs every test file of the workspace, compiled, in five processes side by side, under one
 * runner that prints one total. With filters, runs the files whose path contains one.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { FILTERS, filesOf, PARTS, testFiles } from './tests/files.ts'

const filters = process.argv.slice(2)
const files = testFiles(filters)
if (files.length === 0) {
  console.error(`no test file ${filters.length === 0 ? 'in this workspace' : `matches ${filters.join(', ')}`}`)
  process.exit(1)
}
const parts = PARTS.filter((part) => filesOf(files, part).length > 0)
const entries = parts.map((part) => join(import.meta.dirname, 'tests', `${part}.js`))
const { status } = spawnSync(
  process.execPath,
  ['--test', `--test-concurrency=${PARTS.length}`, '--test-reporter=spec', ...entries],
  {
    stdio: 'inherit',
    env: { ...process.env, [FILTERS]: JSON.stringify(filters) },
  },
)
process.exitCode = status ?? 1
