import { isRecord, parseJson } from '../engine/json.ts'
import type { Api } from './client.ts'
import { ApiError } from './problem.ts'

/** Something that happened in a namespace; `docs/server.md` names the kinds. */
export interface CheckpointEvent {
  readonly seq: number
  readonly kind: string
  readonly at: string
  readonly [member: string]: unknown
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000
/** Longest line that is waited for: a stream without line ends must not fill the memory. */
const MAX_LINE = 1024 * 1024

/** How the stream stands. */
export type StreamState = 'opening' | 'open' | 'waiting'

/** How a stream is followed. */
export interface Following {
  readonly after: number
  readonly signal: AbortSignal
  onEvent(event: CheckpointEvent): void
  onState(state: StreamState): void
}

/**
 * Follows a stream of events from now on (or from behind `after`) until `signal` aborts; after a break it goes on where it
 * was. Ends by itself only when the server says that the reader may not read.
 */
export async function followStream(api: Api, path: string, o: Following): Promise<void> {
  let after = o.after
  let pause = FIRST_PAUSE_MS
  while (!o.signal.aborted) {
    o.onState('opening')
    try {
      const answer = await api.open(path, { 'last-event-id': String(after) }, o.signal)
      o.onState('open')
      pause = FIRST_PAUSE_MS
      for await (const event of eventsOf(answer)) {
        after = event.seq
        o.onEvent(event)
      }
    } catch (error) {
      if (o.signal.aborted) return
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) throw error
    }
    o.onState('waiting')
    await new Promise((resolve) => setTimeout(resolve, pause))
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }
}

/** The events in a stream whose data are one line of JSON each (WHATWG HTML, 9.2.6, as the checkpoint writes it). */
export async function* eventsOf(answer: Response): AsyncGenerator<CheckpointEvent> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (reader === undefined) return
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const lines = (rest + value).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > MAX_LINE) return
      for (const line of lines) {
        const event = line.startsWith('data: ') ? parseJson(line.slice(6)) : undefined
        if (isEvent(event)) yield event
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function isEvent(value: unknown): value is CheckpointEvent {
  return isRecord(value) && typeof value['seq'] === 'number' && typeof value['kind'] === 'string'
}

/** The second line of a checkpoint (C2SP tlog-checkpoint): the size of the log; 0 for what is none: a stream then begins earlier. */
export function sizeIn(checkpoint: string): number {
  const size = Number(checkpoint.split('\n')[1])
  return Number.isSafeInteger(size) && size > 0 ? size : 0
}
