import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { lineLog } from '../../src/http/access-log.ts'
import { clientAddress, limitKey } from '../../src/http/address.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { rateLimiter } from '../../src/http/rate-limit.ts'

test('a bucket gives its burst, then as much as is refilled', () => {
  let now = 0
  const limiter = rateLimiter({ perSecond: 2, burst: 3 }, 10, () => now)
  assert.deepEqual(
    [1, 2, 3].map(() => limiter.take('a')),
    [undefined, undefined, undefined],
  )
  assert.equal(limiter.take('a'), 1)
  assert.equal(limiter.take('b'), undefined, 'another key has its own bucket')
  now += 500
  assert.equal(limiter.take('a'), undefined)
  assert.equal(limiter.take('a'), 1)
  now += 3_600_000
  assert.deepEqual(
    [1, 2, 3, 4].map(() => limiter.take('a')),
    [undefined, undefined, undefined, 1],
  )
})

test('a slow bucket says how long to wait, and asking again takes nothing', () => {
  const limiter = rateLimiter({ perSecond: 0.1, burst: 1 }, 10, () => 0)
  assert.equal(limiter.take('a'), undefined)
  for (const _ of [1, 2]) assert.equal(limiter.take('a'), 10)
})

test('a million keys are not remembered', () => {
  const limiter = rateLimiter({ perSecond: 1, burst: 1 }, 1000)
  for (let i = 0; i < 1_000_000; i++) limiter.take(`key ${i}`)
  assert.equal(limiter.size, 1000)
  assert.equal(limiter.take('key 999999'), 1, 'those seen last are')
})

const incoming = (remoteAddress: string, forwarded?: string): IncomingMessage =>
  ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as never

test('only a trusted proxy is believed, and only the last address that is none of them', () => {
  assert.equal(clientAddress(incoming('192.0.2.1', '203.0.113.9'), []), '192.0.2.1')
  assert.equal(clientAddress(incoming('192.0.2.1', '203.0.113.9'), ['192.0.2.2']), '192.0.2.1')
  const proxies = ['192.0.2.1', '192.0.2.2']
  assert.equal(clientAddress(incoming('::ffff:192.0.2.1', '6.6.6.6, 203.0.113.9, 192.0.2.2'), proxies), '203.0.113.9')
  assert.equal(clientAddress(incoming('192.0.2.1', 'nonsense, '), proxies), '192.0.2.1')
})

test('one IPv6 customer is one key', () => {
  assert.equal(limitKey('2001:db8:1:2:3:4:5:6'), limitKey('2001:db8:1:2::9'))
  assert.notEqual(limitKey('2001:db8:1:2::9'), limitKey('2001:db8:1:3::9'))
  assert.equal(limitKey('198.51.100.7'), '198.51.100.7')
  assert.equal(limitKey('::1'), '0:0:0:0')
  assert.equal(limitKey('2001:db8::3:4:5:6:7'), '2001:db8:0:3')
  assert.equal(limitKey('2001::'), '2001:0:0:0')
})

test('metrics are written as Prometheus reads them, with as many series as are bounded', async () => {
  const metrics = createMetrics()
  const counter = metrics.counter('x_total', 'Things.')
  counter.add({ code: 'a"b\\c\nd' })
  counter.add({ code: 'a"b\\c\nd' }, 2)
  const histogram = metrics.histogram('t_seconds', 'Times.', [0.1, 1])
  for (const seconds of [0.05, 0.5, 5]) histogram.observe({ route: '/r' }, seconds)
  metrics.gauge('g', 'Now.', () => 7)
  metrics.gauge('broken', 'Never.', () => Promise.reject(new Error('gone')))
  const text = await metrics.render()
  assert.ok(text.includes('x_total{code="a\\"b\\\\c\\nd"} 3\n'), text)
  assert.ok(text.includes('t_seconds_bucket{route="/r",le="0.1"} 1\n'))
  assert.ok(text.includes('t_seconds_bucket{route="/r",le="1"} 2\n'))
  assert.ok(text.includes('t_seconds_bucket{route="/r",le="+Inf"} 3\n'))
  assert.ok(text.includes('t_seconds_sum{route="/r"} 5.55\nt_seconds_count{route="/r"} 3\n'))
  assert.ok(text.includes('# TYPE g gauge\ng 7\n') && !text.includes('broken'))
  for (let i = 0; i < 5000; i++) counter.add({ code: String(i) })
  const lines = (await metrics.render()).split('\n').filter((line) => line.startsWith('x_total'))
  assert.ok(lines.length <= 1001)
  assert.ok(lines.some((line) => line.startsWith('x_total{code="other"} 4')))
})

test('a log line is one line, whatever stands in it, and never endless', () => {
  let written = ''
  const log = lineLog((text) => {
    written += text
  })
  log.write({ code: 'a\nb\u2028"', long: 'x'.repeat(10_000) })
  log.flush()
  assert.equal(written.split('\n').length, 2)
  const entry = JSON.parse(written) as { code: string; long: string }
  assert.equal(entry.code, 'a\nb\u2028"')
  assert.ok(entry.long.length < 600)
})
