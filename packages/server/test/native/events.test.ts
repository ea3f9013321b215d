import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'
import { test } from 'node:test'
import type { BrokerEvent } from '@sekisho/broker'
import { startServer } from '../../src/index.ts'
import { eventStreams } from '../../src/native/events.ts'
import { PERMIT, startCheckpoint } from '../kit/checkpoint.ts'
import { send } from '../kit/kbs-client.ts'
import { until as seen } from '../kit/until.ts'

const NS = '/api/v1/namespaces/default'

function open(url: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).on('error', reject)
  })
}

const heard = new WeakMap<IncomingMessage, { text: string }>()

/** Everything that was heard so far, once it matches; the stream stays open. */
function until(stream: IncomingMessage, pattern: RegExp): Promise<string> {
  const all = heard.get(stream) ?? { text: '' }
  if (!heard.has(stream)) {
    heard.set(stream, all)
    stream.on('data', (chunk: Buffer) => {
      all.text += chunk.toString()
    })
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not within a minute: ${pattern}; heard: ${all.text}`)), 60_000)
    const look = (): void => {
      if (!pattern.test(all.text)) return
      clearTimeout(timer)
      stream.off('data', look)
      resolve(all.text)
    }
    stream.on('data', look)
    look()
  })
}

test('what happens is told as it happens, and again from Last-Event-ID', { timeout: 60_000 }, async (t) => {
  const checkpoint = await startCheckpoint(t, { limits: { heartbeat: 50, drain: 120_000 } })
  const by = { actor: 'tester', at: new Date() }
  const { admin } = checkpoint.broker
  await admin.createNamespace('default', by)
  await admin.createNamespace('other', by)
  const authorization = `Bearer ${await checkpoint.token(['decisions:read'], 'default')}`
  const stream = await open(`${checkpoint.url}${NS}/events`, { authorization })
  assert.equal(stream.statusCode, 200)
  assert.equal(stream.headers['content-type'], 'text/event-stream')
  assert.equal(stream.headers['cache-control'], 'no-store')
  await until(stream, /^: $/m)

  await admin.setPolicy('other', PERMIT, by)
  await admin.setPolicy('default', PERMIT, by)
  const told = await until(stream, /event: /)
  const [, id] = /^id: (\d+)$/m.exec(told) ?? []
  assert.ok(id !== undefined)
  const [, data = ''] = /^data: (.*)$/m.exec(told) ?? []
  assert.equal((JSON.parse(data) as { seq: number }).seq, Number(id))
  assert.ok(!told.includes('"other"'))

  await admin.setPolicy('default', `${PERMIT}\n`, by)
  const resumed = await open(`${checkpoint.url}${NS}/events`, { authorization, 'last-event-id': id })
  const rest = await until(resumed, /event: /)
  assert.ok(Number(/^id: (\d+)$/m.exec(rest)?.[1]) > Number(id))

  const wrong = await open(`${checkpoint.url}${NS}/events`, { authorization, 'last-event-id': 'x' })
  assert.equal(wrong.statusCode, 400)
  wrong.resume()
  const metrics = await (await fetch(`${checkpoint.url}/metrics`)).text()
  assert.match(metrics, /^sekisho_event_streams 2$/m)

  const ended = Promise.all([stream, resumed].map((one) => finished(one)))
  // Open streams do not hold it up.
  await checkpoint.server.close()
  await ended
})

test('decisions are told in the order of the log as they are made, of one namespace, and once', async (t) => {
  const checkpoint = await startCheckpoint(t, { limits: { heartbeat: 50 } })
  const by = { actor: 'tester', at: new Date() }
  const { admin } = checkpoint.broker
  await admin.createNamespace('default', by)
  const size = await checkpoint.log.size()
  const authorization = `Bearer ${await checkpoint.token(['decisions:read'], 'default')}`
  const from = { authorization, 'last-event-id': String(size) }
  const stream = await open(`${checkpoint.url}${NS}/decisions/events`, from)
  await until(stream, /^: $/m)
  await admin.createNamespace('other', by)
  await admin.setPolicy('other', PERMIT, by)
  await admin.setPolicy('default', PERMIT, { ...by, at: new Date(by.at.getTime() - 60_000) })
  await admin.setPolicy('default', `${PERMIT}\n`, by)
  const told = await until(stream, /event: decision[\s\S]*event: decision/)
  const events = [...told.matchAll(/^data: (.*)$/gm)].map(
    ([, data = '']) => JSON.parse(data) as { seq: number; decision: { leafIndex: number; reasonCode: string } },
  )
  assert.deepEqual(
    events.map(({ seq, decision }) => [seq - size, decision.leafIndex - size, decision.reasonCode]),
    [
      [3, 2, 'policy-set'],
      [4, 3, 'policy-set'],
    ],
  )
  assert.ok(!told.includes('namespace-created'))
  stream.destroy()

  const resumed = await open(`${checkpoint.url}${NS}/decisions/events`, { ...from, 'last-event-id': String(size + 3) })
  const rest = await until(resumed, /event: decision[\s\S]*^: $/m)
  assert.equal(rest.match(/event: decision/g)?.length, 1)
  resumed.destroy()
  const nobody = await open(`${checkpoint.url}/api/v1/namespaces/other/decisions/events`, from)
  assert.equal(nobody.statusCode, 403)
  nobody.resume()
  const metrics = await open(`${checkpoint.url}/metrics`, {})
  const numbers = await until(metrics, /^process_start_time_seconds /m)
  assert.match(numbers, /^sekisho_http_requests_total\{route="[^"]*\/decisions\/events".*status="403"\} 1$/m)
  assert.doesNotMatch(numbers, /duration_seconds_\w+\{route="[^"]*\/events"/, 'how long a reader stays says nothing')
})

test('no more streams than are allowed', async (t) => {
  const checkpoint = await startCheckpoint(t, { limits: { eventStreams: 1 } })
  await checkpoint.broker.admin.createNamespace('default', { actor: 'tester', at: new Date() })
  const authorization = `Bearer ${await checkpoint.token(['decisions:read'], 'default')}`
  const first = await open(`${checkpoint.url}${NS}/events`, { authorization })
  await until(first, /retry/)
  const second = await open(`${checkpoint.url}${NS}/events`, { authorization })
  assert.equal(second.statusCode, 503)
  second.resume()
  first.destroy()
  const openStreams = async (): Promise<string> => (await send(`${checkpoint.url}/metrics`, { method: 'GET' })).text
  await seen('the first is gone', async () => /^sekisho_event_streams 0$/m.test(await openStreams()))
  const third = await open(`${checkpoint.url}${NS}/events`, { authorization })
  assert.equal(third.statusCode, 200)
})

test('one more stream of a token than it may have ends its first; others keep theirs', {
  timeout: 60_000,
}, async (t) => {
  const { url, token, broker } = await startCheckpoint(t, { limits: { eventStreams: 4, eventStreamsPerHolder: 2 } })
  await broker.admin.createNamespace('default', { actor: 'tester', at: new Date() })
  const [greedy, other] = [await token(['decisions:read'], 'default'), await token(['decisions:read'], 'default')]
  const begin = async (by: string, path = 'events'): Promise<IncomingMessage> => {
    const stream = await open(`${url}${NS}/${path}`, { authorization: `Bearer ${by}` })
    assert.equal(stream.statusCode, 200)
    await until(stream, /retry/)
    return stream
  }
  const ofOther = await begin(other)
  const mine = [await begin(greedy), await begin(greedy, 'decisions/events')]
  for (let i = 0; i < 6; i++) {
    const first = mine.shift()
    assert.ok(first !== undefined)
    const ended = new Promise((resolve) => first.once('end', resolve))
    mine.push(await begin(greedy))
    await ended
  }
  for (const stream of [ofOther, ...mine]) assert.equal(stream.readableEnded, false)
  await begin(other)
  assert.match(await (await fetch(`${url}/metrics`)).text(), /^sekisho_event_streams 4$/m)
})

test('a reader that takes nothing is cut off before it fills the memory', async () => {
  const streams = eventStreams({ eventStreams: 10, eventStreamsPerHolder: 10, eventBacklog: 10_000, heartbeat: 60_000 })
  let written = 0
  let aborted = false
  async function* endless(_after: number, signal: AbortSignal): AsyncGenerator<BrokerEvent> {
    signal.addEventListener('abort', () => {
      aborted = true
    })
    for (let seq = 1; ; seq++)
      yield { seq, namespace: 'default', at: new Date(0), kind: 'test', body: { text: 'x'.repeat(100) } }
  }
  const call = { header: () => undefined, query: new URLSearchParams() } as never
  const { body } = streams.stream(call, { holder: 'tester', events: endless })
  assert.ok(typeof body === 'object' && 'run' in body)
  await body.run({
    signal: new AbortController().signal,
    pending: () => written,
    write: (text) => {
      written += text.length
    },
  })
  assert.ok(written < 11_000)
  assert.ok(aborted)
  assert.equal(streams.open, 0)
})

test('a reader that takes nothing, or is gone already, is let go while nothing happens', async () => {
  const streams = eventStreams({ eventStreams: 10, eventStreamsPerHolder: 10, eventBacklog: 10_000, heartbeat: 5 })
  async function* quiet(_after: number, signal: AbortSignal): AsyncGenerator<BrokerEvent> {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }
  const call = { header: () => undefined, query: new URLSearchParams() } as never
  const cases = [
    { pending: 10_001, signal: new AbortController().signal },
    { pending: 0, signal: AbortSignal.abort() },
  ]
  for (const { pending, signal } of cases) {
    const { body } = streams.stream(call, { holder: 'tester', events: quiet })
    assert.ok(typeof body === 'object' && 'run' in body)
    const late = AbortSignal.timeout(60_000)
    const gone = new Promise((_, reject) => late.addEventListener('abort', () => reject(new Error('is not let go'))))
    await Promise.race([gone, body.run({ signal, pending: () => pending, write: () => undefined })])
  }
  assert.equal(streams.open, 0)
})

test('a stream that fails in the middle is broken off, not left hanging', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await checkpoint.broker.admin.createNamespace('default', { actor: 'tester', at: new Date() })
  async function* failing(): AsyncGenerator<BrokerEvent> {
    yield { seq: 1, namespace: 'default', at: new Date(0), kind: 'test', body: {} }
    throw new Error('the database went away')
  }
  const broker = { ...checkpoint.broker, events: failing }
  const server = await startServer({ ...checkpoint, broker, port: 0, writeLog: () => undefined })
  t.after(() => server.close())
  const authorization = `Bearer ${await checkpoint.token(['decisions:read'], 'default')}`
  const stream = await open(`${server.url}${NS}/events`, { authorization })
  await assert.rejects(async () => {
    for await (const _ of stream);
  }, /aborted/)
})

test('a stream ends with the token that it was opened with', async (t) => {
  const { url, token, tokens, db, broker } = await startCheckpoint(t, { limits: { heartbeat: 50 } })
  await broker.admin.createNamespace('default', { actor: 'tester', at: new Date() })
  const [mine, other] = [await token(['decisions:read'], 'default'), await token(['decisions:read'], 'default')]
  const streams = await Promise.all(
    ['events', 'decisions/events'].map((path) => open(`${url}${NS}/${path}`, { authorization: `Bearer ${mine}` })),
  )
  const stays = await open(`${url}${NS}/decisions/events`, { authorization: `Bearer ${other}` })
  for (const stream of [...streams, stays]) await until(stream, /(?::\s+){3}/)
  const ended = Promise.all(streams.map((stream) => finished(stream)))
  const [who] = await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${mine}` } }).then(
    async (answer) => [(await answer.json()) as { readonly actor: string }],
  )
  const id = who?.actor.replace('token:', '') ?? ''
  assert.equal(await db.transaction((sql) => tokens.revoke(sql, 'default', id, new Date())), true)
  await ended
  assert.equal(stays.readableEnded, false)
  stays.destroy()
})
