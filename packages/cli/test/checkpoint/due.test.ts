import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDue } from '../../src/checkpoint/due.ts'

test('what is done every hour is done again after an hour, and when the clock was set back', () => {
  const done = new Date('2026-11-21T08:00:00Z')
  const at = (minutes: number): Date => new Date(done.getTime() + minutes * 60_000)
  assert.deepEqual(
    [0, 59, 60, 1e6, -1, -1e6].map((minutes) => isDue(at(minutes), done, 3_600_000)),
    [false, false, true, true, true, true],
  )
})
