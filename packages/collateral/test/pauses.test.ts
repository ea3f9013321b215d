import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { canned } from './hostile-server.ts'
import { bench, except } from './setup.ts'
import { amdAnswers, intelAnswers, quickSnp } from './vendors.ts'

const milan = amdAnswers(quickSnp({ product: 'Milan' }))
const tdx = intelAnswers('tdx')
const chip = (number: number): string => number.toString(16).padStart(128, '0')

test('a service that asked for a pause is asked for nothing else before it is over, and then again', async (t) => {
  const around = await bench(t, milan)
  const good = canned(milan.table)
  around.server.handle((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end())
  await assert.rejects(around.source.amd(milan.request), { code: 'throttled', retryAfterMs: 3_600_000 })
  const asked = around.server.asked.length
  around.server.handle(good)
  around.clock += 3_599_000
  for (const request of [milan.request, { ...milan.request, chipId: chip(7) }])
    await assert.rejects(around.source.amd(request), { code: 'throttled', retryAfterMs: 1000, message: /1 s more/ })
  assert.equal(around.server.asked.length, asked)
  around.clock += 1000
  assert.equal((await around.source.amd(milan.request)).product, 'Milan')
})

test('an absurd pause ends after a day, and one that a wrong clock noted with that clock', async (t) => {
  const around = await bench(t, milan)
  around.server.handle((_, response) => response.writeHead(503, { 'retry-after': '9'.repeat(30) }).end())
  await assert.rejects(around.source.amd(milan.request), { code: 'throttled' })
  assert.deepEqual(around.waits, [])
  around.server.handle(canned(milan.table))
  around.clock += 86_399_000
  await assert.rejects(around.source.amd(milan.request), { code: 'throttled' })
  around.clock -= 3 * 86_400_000
  assert.equal((await around.source.amd(milan.request)).product, 'Milan')
})

test('an answer from before the pause still serves during it', async (t) => {
  const around = await bench(t, tdx)
  await around.source.intel(tdx.request)
  around.clock += 2 * 86_400_000
  around.server.handle((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end())
  const again = async (): Promise<void> => {
    around.clock += 1000
    assert.deepEqual((await around.source.intel(tdx.request)).collateral, tdx.made.collateral)
  }
  await again()
  const asked = around.server.asked.length
  // One, and the two others if they were on their way before its answer came.
  assert.ok(asked > 4 && asked <= 4 + 3, `${asked} requests`)
  await again()
  await again()
  assert.equal(around.server.asked.length, asked)
})

test('what waits for its turn behind others is not taken for a service that is silent', async (t) => {
  const around = await bench(t, milan, { limits: { idleMs: 1500, timeoutMs: 20_000, attempts: 1 } })
  const good = canned(milan.table)
  await around.source.amd(milan.request)
  const held: (() => void)[] = []
  around.server.handle((request, response) => {
    held.push(() => good(request, response))
  })
  // The clock of the waits is the test's: each answer takes 200 ms of it, and the last one's turn comes long after 1500.
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let left = 60
  const fleet = Array.from({ length: left }, (_, i) =>
    around.source.amd({ ...milan.request, chipId: chip(i + 1) }).finally(() => {
      left--
    }),
  )
  const outcomes = Promise.allSettled(fleet)
  let waited = 0
  for (const end = performance.now() + 60_000; left > 0; ) {
    assert.ok(performance.now() < end, `${left} wait still`)
    await new Promise((resolve) => setImmediate(resolve))
    if (held.length === 0) continue
    t.mock.timers.tick(200)
    waited += 200
    for (const answer of held.splice(0)) answer()
  }
  const codes = (await outcomes).map((one) => (one.status === 'rejected' ? one.reason.code : 'had'))
  assert.deepEqual([...new Set(codes)], ['not-found'])
  assert.ok(waited > 1500 && waited < 20_000, `${waited} ms`)
})

test('a queue that does not move ends too', { timeout: 60_000 }, async (t) => {
  const around = await bench(t, milan, { limits: { idleMs: 250, timeoutMs: 300, attempts: 1 } })
  await around.source.amd(milan.request)
  around.server.handle(() => undefined)
  const fleet = Array.from({ length: 24 }, (_, i) => around.source.amd({ ...milan.request, chipId: chip(i + 1) }))
  for (const one of await Promise.allSettled(fleet))
    assert.equal(one.status === 'rejected' && one.reason.code, 'timeout')
})

test('whatever compresses unless it is told not to is told', async (t) => {
  const around = await bench(t, tdx)
  const good = canned(tdx.table)
  const { body = '', headers } = tdx.table.get(tdx.paths.tcb) ?? {}
  around.server.handle(
    except(good, tdx.paths.tcb, (request, response) => {
      if (request.headers['accept-encoding'] === 'identity') good(request, response)
      else response.writeHead(200, { ...headers, 'content-encoding': 'gzip' }).end(gzipSync(body))
    }),
  )
  assert.deepEqual((await around.source.intel(tdx.request)).collateral, tdx.made.collateral)
})
