import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from '../src/api/client.ts'
import { ApiError } from '../src/api/problem.ts'
import { keepSessionKey, sessionKey } from '../src/api/session.ts'

test('a window whose session another window has ended says that it is over', async (t) => {
  const answer = { code: 'unauthorized', detail: 'this needs a bearer token' }
  t.mock.method(globalThis, 'fetch', async () => Response.json(answer, { status: 401 }))
  let over = 0
  const api = startApi(() => over++)
  keepSessionKey('k'.repeat(43))
  await assert.rejects(api.get('/me'), ApiError)
  assert.equal(over, 1, 'the server says so')
  keepSessionKey(undefined)
  await assert.rejects(api.get('/me'), ApiError)
  assert.equal(over, 2, 'the key is gone')
})

test('an answer to an old session does not end a new one', async (t) => {
  let over = 0
  const api = startApi(() => over++)
  keepSessionKey('k'.repeat(43))
  t.mock.method(globalThis, 'fetch', async () => {
    keepSessionKey('n'.repeat(43))
    return Response.json({}, { status: 401 })
  })
  await assert.rejects(api.get('/me'), ApiError)
  assert.equal(over, 0)
  keepSessionKey(undefined)
})

test('signing out forgets the key at once, and sends it once more, so that the server can end what the first link began', async (t) => {
  const sent: (string | undefined)[] = []
  t.mock.method(globalThis, 'fetch', async (_path: string, init: { readonly headers: Record<string, string> }) => {
    sent.push(init.headers['sekisho-session'], sessionKey())
    return new Response(null, { status: 204 })
  })
  keepSessionKey('k'.repeat(43))
  await startApi(() => undefined).signOut()
  assert.deepEqual(sent, ['k'.repeat(43), undefined])
})
