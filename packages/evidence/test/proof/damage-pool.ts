import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Damage } from './damage.ts'
import type { Errand } from './damage-plan.ts'
import type { Subject } from './subjects.ts'

/** What came back from one errand. */
export interface Done {
  readonly errand: Errand
  readonly part: string
  readonly damage: Damage
}

/** Runs errands on every core. @throws what a worker threw */
export async function runErrands(
  subjects: readonly Subject[],
  errands: readonly Errand[],
  report: (done: Done) => void = () => undefined,
): Promise<readonly Done[]> {
  const results: Done[] = []
  let next = 0
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./damage-worker.js', import.meta.url), {
        workerData: subjects,
        resourceLimits: { maxYoungGenerationSizeMb: 128 },
      })
      const send = (): void => {
        const errand = errands[next++]
        if (errand === undefined) worker.terminate().then(() => resolve(), reject)
        else worker.postMessage(errand)
      }
      worker.on('message', (done: Done) => {
        results.push(done)
        report(done)
        send()
      })
      worker.on('error', reject)
      send()
    })
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, work))
  return results
}
