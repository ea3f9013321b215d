import { setTimeout as delay } from 'node:timers/promises'
import { ClientError, Refusal } from './errors.ts'
import { readEvents, type ServerEvent } from './event-stream.ts'
import { refusalOf, WORKLOAD_API } from './exchange.ts'
import { begin, isMembers, nameTrouble, parseJson, type Transport } from './http.ts'
import { type HeldLease, leaseId } from './native.ts'

/** Something that happened to a lease. */
export interface LeaseEvent {
  /** E.g. `lease-renewed`, `lease-revoked`, `lease-expired`. */
  readonly kind: string
  readonly at: Date | undefined
  /** Why, in a sentence, where the checkpoint says so. */
  readonly reason: string | undefined
  /** True when the lease is over: nothing follows. */
  readonly ended: boolean
}

/** How a lease is watched. */
export interface WatchOptions extends Transport {
  readonly lease: Pick<HeldLease, 'id' | 'secret'>
  /** Longest that the checkpoint may be out of reach. Default 60,000. */
  readonly outageMs?: number
  /** Longest silence after which the connection counts as lost; the checkpoint sends signs of life. Default 90,000. */
  readonly silenceMs?: number
}

const ENDS: ReadonlySet<string> = new Set(['lease-revoked', 'lease-expired'])
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000
const LAST_TRY_MS = 5_000

/**
 * Follows what happens to a lease, over broken connections, until it is over or the signal comes. A workload that is
 * told `ended`, or that hears nothing any more, has to stop using the secret.
 *
 * @throws Refusal when there is no such lease for this holder
 * @throws ClientError `unreachable` when the checkpoint was out of reach for too long
 */
export async function* watchLease(options: WatchOptions): AsyncGenerator<LeaseEvent> {
  const { outageMs = 60_000 } = options
  let last: string | undefined
  let pause = FIRST_PAUSE_MS
  let since = performance.now()
  // One failure is no outage, however long it took: a machine that was asleep comes back to one.
  let failures = 0
  const heard = (): void => {
    since = performance.now()
    failures = 0
    pause = FIRST_PAUSE_MS
  }
  for (;;) {
    try {
      const late = failures > 0 && performance.now() - since > outageMs
      for await (const event of connection(late ? lastTry(options) : options, last, heard)) {
        last = event.id ?? last
        const told = eventOf(event)
        yield told
        if (told.ended) return
      }
      throw new ClientError('unreachable', 'the stream of events has ended')
    } catch (error) {
      if (!(error instanceof ClientError) || error.code === 'protocol') throw error
      if (++failures > 1 && performance.now() - since > outageMs) throw error
    }
    await wait(pause, options.signal)
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
  }
}

// A path that is silent is not waited for as long again.
function lastTry(options: WatchOptions): WatchOptions {
  return { ...options, silenceMs: Math.min(options.silenceMs ?? LAST_TRY_MS, LAST_TRY_MS) }
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  signal?.throwIfAborted()
}

async function* connection(
  options: WatchOptions,
  last: string | undefined,
  heard: () => void,
): AsyncGenerator<ServerEvent> {
  const { lease, silenceMs = 90_000 } = options
  const silent = new AbortController()
  const timer = setTimeout(() => silent.abort(), silenceMs)
  const signal = AbortSignal.any([silent.signal, ...(options.signal === undefined ? [] : [options.signal])])
  const path = `${WORKLOAD_API}/leases/${leaseId(lease.id)}/events`
  try {
    const response = await begin(
      { ...options, signal },
      { method: 'GET', path, headers: headersOf(lease.secret, last) },
    )
    if (response.status !== 200) await refuse(response)
    // A page that a proxy shows instead of the checkpoint is no sign of its life.
    if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true)
      throw new ClientError('unreachable', 'what answers a request for events is no stream of events')
    const life = (): void => {
      timer.refresh()
      heard()
    }
    if (response.body !== null) yield* readEvents(response.body, life)
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw nameTrouble(error === silent.signal.reason ? new Error('silence') : error, options, undefined, `GET ${path}`)
  } finally {
    clearTimeout(timer)
    silent.abort()
  }
}

function headersOf(secret: string, last: string | undefined): Record<string, string> {
  return {
    accept: 'text/event-stream',
    authorization: `Bearer ${secret}`,
    ...(last === undefined ? {} : { 'last-event-id': last }),
  }
}

const MAX_PROBLEM = 65_536

// A checkpoint that has too many streams open or is on its way down, or a proxy before it, may take another later.
async function refuse(response: Response): Promise<never> {
  if (response.status >= 500 || response.status === 429)
    throw new ClientError('unreachable', `the checkpoint answers ${response.status} to a request for events`)
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString('latin1')
    if (text.length > MAX_PROBLEM) break
  }
  throw refusalOf({ status: response.status, json: parseJson(text) })
}

function eventOf({ event, data }: ServerEvent): LeaseEvent {
  const body = parseJson(data)
  const { at, reason } = isMembers(body) ? body : {}
  const time = typeof at === 'string' ? new Date(at) : new Date(Number.NaN)
  return {
    kind: event,
    at: Number.isNaN(time.getTime()) ? undefined : time,
    reason: typeof reason === 'string' ? reason : undefined,
    ended: ENDS.has(event),
  }
}
