import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runModel } from './machine-run.ts'

const STEPS = 4000

test('model: no path leads to a secret without a passing appraisal of fresh evidence', async (t) => {
  const report = await runModel(STEPS, Date.now() % 1_000_000)
  t.diagnostic(`${report.steps} steps, ${report.secrets} secrets`)
  assert.ok(report.secrets > 20, 'and the paths that should lead to one do')
})
