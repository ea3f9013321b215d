import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDue, rechecks } from '../../src/checkpoint/due.ts'

const STARTED = new Date('2026-11-21T08:00:00Z')
const at = (minutes: number): Date => new Date(STARTED.getTime() + minutes * 60_000)

test('what is done every hour is done again after an hour, and when the clock was set back', () => {
  assert.deepEqual(
    [0, 59, 60, 1e6, -1, -1e6].map((minutes) => isDue(at(minutes), STARTED, 3_600_000)),
    [false, false, true, true, true, true],
  )
})

test('live leases are looked at again when it is time, and at once when endorsements are others', () => {
  const looks = rechecks({ everyMs: 5 * 60_000, gapMs: 60_000, started: STARTED })
  const due = (...minutes: readonly number[]): readonly boolean[] => minutes.map((one) => looks.take(at(one)))
  assert.deepEqual(due(0, 4, 5, 6, 9), [false, false, true, false, false])
  looks.news()
  assert.deepEqual(due(9.1, 9.2), [true, false])
  looks.news()
  assert.deepEqual(due(9.5, 10, 10.2), [false, false, true], 'a source that wavers is not followed all the time')
  assert.deepEqual(due(15, 15.2), [false, true], 'looking after news counts as looking')
  looks.news()
  assert.deepEqual(due(3), [true], 'the clock was set back')
})
