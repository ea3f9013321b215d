import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runModel } from './machine-run.ts'

const STEPS = 4000

test('model: no path leads to a secret without a passing appraisal of fresh evidence', async (t) => {
  const seed = Date.now() % 1_000_000
  const report = await runModel(STEPS, seed)
  t.diagnostic(`${report.steps} steps, ${report.secrets} secrets`)
  // With most seeds it is 40 to 80.
  assert.ok(report.secrets > 5, `and the paths that should lead to one do: ${report.secrets} with the seed ${seed}`)
})
