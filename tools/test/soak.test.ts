import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ROOT } from '../src/files.ts'

const soak = (...args: readonly string[]) => {
  // Else the programs would speak the protocol of a test runner.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return spawnSync(process.execPath, [join(ROOT, 'tools/dist/src/soak.js'), ...args], { encoding: 'utf8', env })
}

describe('npm run soak', () => {
  for (const [part, args, told] of [
    ['measurement', ['10'], /10 inputs/],
    ['collateral', ['10'], /endorsement bundle, seed \d+: 10 inputs/],
    ['machine', ['100', '7'], /"seed":7,"steps":\d{3,}/],
    ['storage', ['1'], /^SQLite /m],
  ] as const)
    it(`runs ${part} at the length that is said, to its end`, () => {
      const { status, stdout, stderr } = soak(part, ...args)
      assert.equal(status, 0, stderr)
      assert.match(stdout, told)
      assert.match(stdout, new RegExp(`^${part}: done$`, 'm'))
    })

  it('fails with a part, and runs nothing for a word that is none', () => {
    for (const part of ['machine', 'storage', 'measurement', 'collateral'])
      assert.equal(soak(part, 'many').status, 1, part)
    for (const args of [['machines'], ['10', 'fuzz'], ['10', 'fuzz-only', 'more']]) {
      const { status, stdout, stderr } = soak(...args)
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, /measurement, evidence, collateral, machine, storage/)
    }
  })
})
