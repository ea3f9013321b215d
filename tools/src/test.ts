/**
 * `npm test -- [FILTER…]`: runs every test file of the workspace, compiled, in six processes side by side, under one
 * runner that prints one total. With filters, runs the files whose path contains one.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FILTERS, filesOf, PARTS, testFiles } from './tests/files.ts'

const filters = process.argv.slice(2)
const files = testFiles(filters)
if (files.length === 0) {
  console.error(`no test file ${filters.length === 0 ? 'in this workspace' : `matches ${filters.join(', ')}`}`)
  process.exit(1)
}
const parts = PARTS.filter((part) => filesOf(files, part).length > 0)
const keys = mkdtempSync(join(tmpdir(), 'sekisho-test-keys-'))
const entries = parts.map((part) => join(import.meta.dirname, 'tests', `${part}.js`))
// Tests reach loopback alone: not a thousand processes that they start need read a hundred certificates each.
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env
const { status } = spawnSync(
  process.execPath,
  // Evidence and verdicts are many small objects that die young: with more room for them a tenth of the work falls away.
  ['--max-semi-space-size=64', '--test', `--test-concurrency=${PARTS.length}`, '--test-reporter=spec', ...entries],
  {
    stdio: 'inherit',
    // RSA keys of emulated roots take seconds each: six processes and their children make one set.
    env: { ...environment, [FILTERS]: JSON.stringify(filters), SEKISHO_KIT_KEYS: keys },
  },
)
rmSync(keys, { recursive: true })
process.exitCode = status ?? 1
