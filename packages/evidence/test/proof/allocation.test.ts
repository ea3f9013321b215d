import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { Cost } from './allocation-worker.ts'
import { DECLARED, LARGE } from './hostile-inputs.ts'

/** What every input cost, by its name. */
function measure(): Promise<ReadonlyMap<string, Cost>> {
  const costs = new Map<string, Cost>()
  const worker = new Worker(new URL('./allocation-worker.js', import.meta.url))
  worker.on('message', (cost: Cost) => costs.set(cost.name, cost))
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', () => resolve(costs))
  })
}

describe('no input makes a decoder allocate more than a small multiple of its size', () => {
  let costs: ReadonlyMap<string, Cost> = new Map()
  before(async () => {
    costs = await measure()
  })
  const costOf = (name: string): Cost => {
    const cost = costs.get(name)
    assert.ok(cost !== undefined, `${name} was not measured`)
    return cost
  }
  for (const { name, size } of DECLARED) {
    it(`a huge declared size: ${name}`, () => {
      const { bytes } = costOf(name)
      assert.ok(bytes < 64 * 1024 + 4 * size, `${bytes} bytes for an input of ${size}`)
    })
  }
  for (const { name, size } of LARGE) {
    it(`a large input: ${name}`, () => {
      const { bytes, millis } = costOf(name)
      assert.ok(bytes < 1024 * 1024 + 32 * size, `${bytes} bytes for an input of ${size}`)
      assert.ok(millis < 60_000, 'and none makes it hang, however busy the machine is')
    })
  }
})
