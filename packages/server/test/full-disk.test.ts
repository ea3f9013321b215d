import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient } from './kit/api.ts'
import { furnish, sharedWorld, startCheckpoint } from './kit/checkpoint.ts'
import { send } from './kit/kbs-client.ts'
import { until } from './kit/until.ts'

test('a full disk: not ready from the first write that fails, without a write for each probe, and ready again by itself', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const { db, url } = checkpoint
  // SQLite itself then says that the disk is full.
  const pages = async (most: number): Promise<void> => {
    await db.transaction((sql) => sql.all(`PRAGMA max_page_count = ${most}`))
  }
  const ready = async (): Promise<{ readonly status: number; readonly text: string }> =>
    send(`${url}/readyz`, { method: 'GET' })
  assert.equal((await ready()).status, 200)
  await pages(1)
  assert.equal((await ready()).status, 200, 'nobody has written since')
  const api = await apiClient(url, await checkpoint.token(['admin']))
  const text = `// ${'x'.repeat(200_000)}\npermit (principal, action, resource);`
  const set = (): ReturnType<typeof api.call> =>
    api.call('PUT', '/api/v1/namespaces/default/policy', { json: { text } })
  assert.equal((await set()).json['code'], 'storage-full')
  const run = t.mock.method(db, 'transaction')
  const refused = await ready()
  assert.equal(refused.status, 503)
  assert.match(refused.text, /the database takes no writes, so that nothing can be released: its disk is full/)
  const { code, remedy } = JSON.parse(refused.text) as Record<string, unknown>
  assert.equal(code, 'not-ready')
  assert.match(String(remedy), /^free or add space on the disk that holds the database/)
  for (let i = 0; i < 20; i++) assert.equal((await ready()).status, 503)
  assert.ok(run.mock.callCount() <= 2, 'probes do not write, but now and then')
  run.mock.restore()
  assert.equal((await send(`${url}/healthz`, { method: 'GET' })).status, 200)
  await pages(1_000_000)
  await until('it is ready again', async () => (await ready()).status === 200)
  assert.equal((await set()).status, 200)
})
