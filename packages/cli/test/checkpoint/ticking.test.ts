import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '@sekisho/broker'
import { ticking } from '../../src/checkpoint/ticking.ts'

test('a look at leases that waits for a silent service keeps no lease from ending, and no process', async () => {
  const troubles: unknown[] = []
  let [looked, ticked, settled] = [false, 0, 0]
  let twice: () => void = () => undefined
  const goesOn = new Promise<void>((resolve) => {
    twice = resolve
  })
  const broker = {
    tick: async () => {
      ticked++
      return { expired: 0, swept: 0, pruned: 0 }
    },
    admin: { namespaces: async () => ['default'] },
    reappraiseAll: () => {
      looked = true
      return new Promise<never>(() => undefined)
    },
  } satisfies Pick<Broker, 'tick' | 'reappraiseAll'> & { readonly admin: Pick<Broker['admin'], 'namespaces'> }
  const stop = ticking({
    broker,
    looks: { news: () => undefined, take: () => true },
    watch: {
      stale: false,
      look: async () => undefined,
      async settle() {
        settled++
        if (settled === 3) twice()
      },
    },
    now: () => new Date(),
    onTrouble: (error) => troubles.push(error),
  })
  await goesOn
  assert.equal(looked, true)
  assert.ok(ticked >= 3)
  await stop()
  assert.deepEqual(troubles, [])
})

test('each duty of a second is done, whatever becomes of the others', async () => {
  const troubles: string[] = []
  const looked: string[] = []
  let [news, settled] = [0, 0]
  let done: () => void = () => undefined
  const all = new Promise<void>((resolve) => {
    done = resolve
  })
  const failing = (what: string): Promise<never> => Promise.reject(new TypeError(what))
  const broker = {
    tick: () => failing('tick'),
    admin: { namespaces: async () => ['a', 'b'] },
    reappraiseAll: (namespace: string) => {
      looked.push(namespace)
      return failing(namespace)
    },
  } satisfies Pick<Broker, 'tick' | 'reappraiseAll'> & { readonly admin: Pick<Broker['admin'], 'namespaces'> }
  const stop = ticking({
    broker,
    looks: { news: () => news++, take: () => looked.length === 0 },
    watch: {
      stale: false,
      look: async () => undefined,
      async settle() {
        settled++
        if (settled === 2) done()
      },
    },
    now: () => new Date(),
    onTrouble: (error) => troubles.push(String(error)),
  })
  await all
  await stop()
  assert.deepEqual(looked, ['a', 'b'])
  assert.equal(news, 2, 'what failed is not left until the next hour')
  assert.deepEqual([...new Set(troubles)].sort(), ['TypeError: a', 'TypeError: b', 'TypeError: tick'])
})
