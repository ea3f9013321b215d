import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))
const APPRAISAL = join(PACKAGE, '../appraisal/dist/src/index.js')
const skip = existsSync(APPRAISAL) ? false : '@sekisho/appraisal was not built'

test("the README's policy test runs as it stands", { skip, timeout: 60_000 }, () => {
  const readme = readFileSync(join(PACKAGE, 'README.md'), 'utf8')
  const example = /```js policy-test\n([\s\S]*?)```/.exec(readme)?.[1]
  assert.ok(example !== undefined, 'the README has the example')
  const folder = mkdtempSync(join(PACKAGE, 'dist/readme-'))
  try {
    const file = join(folder, 'policy.test.mjs')
    writeFileSync(file, example)
    // Without the variable the runner takes itself for a test of the outer one.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--test', file], { env, encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /pass 1\b/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
