import type { Answers, Ask, Fault, FromWorker, Requests } from './messages.ts'

/** An answer of the worker that is no value. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: string

  constructor({ message, code }: Fault) {
    super(message)
    this.code = code
  }
}

/** What asks the worker; one at a time is enough for one page. */
export interface Engine {
  /** @throws EngineError with the code `time` when there is no answer in time: the worker was ended, and is started anew */
  ask<K extends Ask>(ask: K, input: Requests[K]): Promise<Answers[K]>
}

interface Waiting {
  resolve(value: Answers[Ask]): void
  reject(error: EngineError): void
  readonly timer: ReturnType<typeof setTimeout>
}

/**
 * Starts the worker.
 *
 * @param start makes a worker; called again whenever one had to be ended
 * @param limitMs longest time for one answer
 */
export function startEngine(start: () => Worker, limitMs: number): Engine {
  let worker: Worker | undefined
  let next = 0
  const waiting = new Map<number, Waiting>()

  const endAll = (fault: Fault): void => {
    worker?.terminate()
    worker = undefined
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer)
      reject(new EngineError(fault))
    }
    waiting.clear()
    worker = run()
  }
  const settle = (message: FromWorker): void => {
    const one = waiting.get(message.id)
    if (one === undefined) return
    waiting.delete(message.id)
    clearTimeout(one.timer)
    if ('fault' in message) one.reject(new EngineError(message.fault))
    else one.resolve(message.value)
  }
  const run = (): Worker => {
    const made = start()
    made.addEventListener('message', (event: MessageEvent<FromWorker>) => settle(event.data))
    made.addEventListener('error', (event) => {
      event.preventDefault()
      if (made === worker && waiting.size > 0) endAll({ message: event.message || 'the worker failed', code: 'crash' })
    })
    return made
  }
  worker = run()

  return {
    ask<K extends Ask>(ask: K, input: Requests[K]): Promise<Answers[K]> {
      const id = next++
      return new Promise<Answers[Ask]>((resolve, reject) => {
        const timer = setTimeout(
          () => endAll({ message: `no answer within ${Math.round(limitMs / 1000)} s; given up`, code: 'time' }),
          limitMs,
        )
        waiting.set(id, { resolve, reject, timer })
        worker?.postMessage({ id, ask, input })
        // The worker answers each question with the answer of that name.
      }) as Promise<Answers[K]>
    },
  }
}
