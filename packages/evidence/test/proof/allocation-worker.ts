import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort } from 'node:worker_threads'
import { EvidenceError } from '../../src/core/errors.ts'
import { DECLARED, LARGE } from './hostile-inputs.ts'

/** What an input cost. */
export interface Cost {
  readonly name: string
  /** Of heap and buffers. */
  readonly bytes: number
  readonly millis: number
}

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/** Bytes of heap and buffers that a call allocates; the middle one of five measurements, since others allocate too. */
function allocated(run: () => unknown): number {
  const measured = Array.from({ length: 5 }, () => allocatedOnce(run)).sort((a, b) => a - b)
  return measured[2] ?? 0
}

function allocatedOnce(run: () => unknown): number {
  // Room for what is new, so that nothing is collected meanwhile; a whole collection would walk what all tests hold.
  if (typeof collect === 'function') collect({ type: 'minor' })
  const before = process.memoryUsage()
  try {
    run()
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
  }
  const after = process.memoryUsage()
  return Math.max(0, after.heapUsed - before.heapUsed) + Math.max(0, after.arrayBuffers - before.arrayBuffers)
}

// A heap of its own: a collection would otherwise walk what all other tests hold, and their garbage would count.
for (const { name, run } of [...DECLARED, ...LARGE]) {
  const start = performance.now()
  const bytes = allocated(run)
  parentPort?.postMessage({ name, bytes, millis: performance.now() - start } satisfies Cost)
}
