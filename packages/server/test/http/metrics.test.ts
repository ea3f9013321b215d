import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from '../../src/http/metrics.ts'

test('metrics are told without those whose reader fails or is silent', { timeout: 30_000 }, async () => {
  const metrics = createMetrics()
  metrics.counter('requests', 'Requests.').add({ route: '/' })
  metrics.gauge('silent', 'Never read.', () => new Promise(() => undefined))
  metrics.gauge('failing', 'Never read either.', () => Promise.reject(new Error('the database is away')))
  metrics.gauge('stale', 'Whether files are stale.', () => 1)
  // Something that keeps the process, as its sockets do.
  const held = setInterval(() => undefined, 1000)
  try {
    assert.equal(
      await metrics.render(),
      [
        ...['# HELP requests Requests.', '# TYPE requests counter', 'requests{route="/"} 1'],
        ...['# HELP stale Whether files are stale.', '# TYPE stale gauge', 'stale 1', ''],
      ].join('\n'),
    )
  } finally {
    clearInterval(held)
  }
})
