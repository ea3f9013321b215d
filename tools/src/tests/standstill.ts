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
 * Ends this process by SIGKILL when `limitMs` pass without a call of `at`, and says at what it was then.
 *
 * @param part name of the process, for the message
 */
export function watchStandstill(part: string, limitMs: number = LIMIT_MS): { at(what: string): void } {
  const worker = new Worker(new URL(import.meta.url), { execArgv: [], workerData: { part, limitMs } })
  worker.unref()
  return { at: (what) => worker.postMessage(what) }
}

function watch(part: string, limitMs: number): void {
  let last = 'its beginning'
  let since = Date.now()
  parentPort?.on('message', (what: string) => {
    last = what
    since = Date.now()
  })
  setInterval(() => {
    if (Date.now() - since < limitMs) return
    // The stream of this process is the standing thread's.
    writeSync(2, `part ${part} has stood at “${last}” for ${Math.round(limitMs / 1000)} s: it is ended\n`)
    process.kill(process.pid, 'SIGKILL')
  }, LOOKS_MS)
}

if (!isMainThread) {
  const { part, limitMs }: { readonly part: string; readonly limitMs: number } = workerData
  watch(part, limitMs)
}
