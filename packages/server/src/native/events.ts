import type { BrokerEvent } from '@sekisho/broker'
import type { Call } from '../http/call.ts'
import { HttpError, unexpected } from '../http/errors.ts'
import type { Reply, StreamSink } from '../http/reply.ts'
import type { ServerLimits } from '../limits.ts'

/** Counts the streams that are open, so that readers cannot take all connections. */
export interface EventStreams {
  readonly open: number
  /**
   * An event stream (WHATWG HTML, 9.2), from behind the `Last-Event-ID` of the request. Of one more than a holder may
   * have, the one that was opened first is ended: it may be of a connection that is gone, and a reader comes back.
   *
   * @throws HttpError 503 `too-many-streams`; 400 for a position that is none
   */
  stream(call: Call, source: EventSource): Reply
}

/** What a stream tells, and to whom. */
export interface EventSource {
  /** Whoever shows the token, or the lease's secret. */
  readonly holder: string
  readonly events: (after: number, signal: AbortSignal) => AsyncIterable<BrokerEvent>
  /** Asked with each heartbeat, at the time it then is: a reader who may not any more is cut off. */
  readonly stillMay?: (at: Date) => Promise<boolean>
}

type Bounds = Pick<ServerLimits, 'eventStreams' | 'eventStreamsPerHolder' | 'eventBacklog' | 'heartbeat'>

/** Makes the counter. */
export function eventStreams(limits: Bounds): EventStreams {
  let open = 0
  /** What ends the streams of each holder, the one opened first before the others. */
  const holders = new Map<string, readonly AbortController[]>()
  const opened = (holder: string): AbortController => {
    const stop = new AbortController()
    const mine = holders.get(holder) ?? []
    const over = Math.max(0, mine.length + 1 - limits.eventStreamsPerHolder)
    holders.set(holder, [...mine.slice(over), stop])
    for (const one of mine.slice(0, over)) one.abort()
    open++
    return stop
  }
  const closed = (holder: string, stop: AbortController): void => {
    open--
    const left = (holders.get(holder) ?? []).filter((one) => one !== stop)
    if (left.length === 0) holders.delete(holder)
    else holders.set(holder, left)
  }
  return {
    get open() {
      return open
    },
    stream(call, { holder, events, stillMay }) {
      const after = lastEventId(call)
      if (open >= limits.eventStreams) {
        throw new HttpError(503, 'too-many-streams', 'too many event streams are open', {
          headers: { 'retry-after': '10' },
        })
      }
      const began = performance.now()
      const isStillLet = async (): Promise<boolean> =>
        stillMay === undefined || stillMay(new Date(call.at.getTime() + performance.now() - began))
      return {
        status: 200,
        headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
        body: {
          async run(sink) {
            const stop = opened(holder)
            try {
              await pump(sink, stop, (signal) => events(after, signal), isStillLet, limits)
            } finally {
              closed(holder, stop)
            }
          },
        },
      }
    },
  }
}

async function pump(
  sink: StreamSink,
  stop: AbortController,
  events: (signal: AbortSignal) => AsyncIterable<BrokerEvent>,
  isStillLet: () => Promise<boolean>,
  limits: Bounds,
): Promise<void> {
  const abort = (): void => stop.abort()
  sink.signal.addEventListener('abort', abort)
  if (sink.signal.aborted) abort()
  // The reader learns at once that the stream stands, and proxies see that it lives.
  sink.write('retry: 2000\n\n')
  const beat = setInterval(() => {
    if (sink.pending() > limits.eventBacklog) abort()
    else sink.write(': \n\n')
    // Who cannot be asked about now comes back, and is asked about then.
    isStillLet().then((is) => is || abort(), abort)
  }, limits.heartbeat)
  try {
    for await (const event of events(stop.signal)) {
      if (stop.signal.aborted) return
      sink.write(frame(event))
      // A reader that is this far behind would be kept in memory: it comes back by Last-Event-ID.
      if (sink.pending() > limits.eventBacklog) return
    }
  } finally {
    clearInterval(beat)
    abort()
    sink.signal.removeEventListener('abort', abort)
  }
}

/** JSON holds no line feed, so one data line is enough. */
function frame({ seq, kind, at, body }: BrokerEvent): string {
  return `id: ${seq}\nevent: ${kind}\ndata: ${JSON.stringify({ seq, at: at.toISOString(), kind, ...body })}\n\n`
}

function lastEventId(call: Call): number {
  const sent = call.header('last-event-id') ?? call.query.get('after') ?? '0'
  if (!/^\d{1,15}$/.test(sent)) {
    throw unexpected([{ field: 'header/last-event-id', expected: 'the id of an event, as the stream gave it' }])
  }
  return Number(sent)
}
