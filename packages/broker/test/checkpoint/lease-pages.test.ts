import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Core } from '../../src/checkpoint/core.ts'
import { type LiveLease, liveLeases } from '../../src/checkpoint/live-leases.ts'

test('live leases are looked at page by page, each once, however many there are', async () => {
  const ids = Array.from({ length: 2500 }, (_, i) => String(i).padStart(4, '0'))
  const all = async (_sql: string, [, , after]: readonly unknown[]): Promise<readonly object[]> =>
    ids
      .filter((id) => id > String(after))
      .slice(0, 1000)
      .map((id) => ({ id }))
  // Of the whole core only the database is asked.
  const core = { db: { all } } as unknown as Core
  const seen: LiveLease[] = []
  for await (const page of liveLeases(core, 'default', new Date(0))) {
    seen.push(...page)
    assert.ok(seen.length <= ids.length, 'a page is not given again')
  }
  assert.deepEqual(
    seen.map(({ id }) => id),
    ids,
  )
})
