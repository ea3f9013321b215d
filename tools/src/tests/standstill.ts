/**
 * Watches over a process of tests from a thread of its own: one whose JavaScript stands still for ever can end neither
 * itself nor a test, and a run of CI would wait for it until somebody ends both without a word.
 */
import { writeSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

/** No single test, and no loading of the files, takes as long: the longest, of damaged evidence, takes a third where it is slow. */
const LIMIT_MS = 1_800_000

const LOOKS_MS = 1000

/**
 * Ends this process by SIGKILL when it is at one thing for too long, and says at what.
 *
 * @param part name of the process, for the message
 */
export function watchStandstill(part: string): { at(what: string, limitMs?: number): void } {
  // The flags of this process are not for a file of another kind.
  const worker = new Worker(new URL(import.meta.url), { execArgv: [], workerData: part })
  worker.unref()
  return { at: (what, limitMs = LIMIT_MS) => worker.postMessage({ what, limitMs } satisfies Place) }
}

interface Place {
  readonly what: string
  readonly limitMs: number
}

function watch(part: string): void {
  let place: Place = { what: 'its beginning', limitMs: LIMIT_MS }
  let since = Date.now()
  parentPort?.on('message', (next: Place) => {
    place = next
    since = Date.now()
  })
  setInterval(() => {
    const { what, limitMs } = place
    if (Date.now() - since < limitMs) return
    // The stream of this process is the standing thread's.
    writeSync(2, `part ${part} has stood at “${what}” for ${Math.round(limitMs / 1000)} s: it is ended\n`)
    process.kill(process.pid, 'SIGKILL')
  }, LOOKS_MS)
}

if (!isMainThread) {
  const part: string = workerData
  watch(part)
}
