import type { Broker, BrokerEvent, Explained, Log } from '@sekisho/broker'
import { summaryOf } from './decision-summary.ts'

const LOOK_EVERY_MS = 1000
const PAGE = 200
/** Decisions that were logged before one whose request came earlier. */
const LATE = 20
/** Most that a reader who comes back is told of what it missed; older ones are in the list. */
const MOST_AT_ONCE = 1000

/**
 * Decisions of a namespace in the order in which they were logged, as they are made, until the signal. The log tells
 * whether there is anything to look for: one row a second, however many processes decide.
 *
 * @param after how many entries the log had when the reader looked last: decisions among those are not told again; 0 tells the newest
 */
export async function* newDecisions(
  { broker, log }: { readonly broker: Broker; readonly log: Log },
  namespace: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<BrokerEvent, void, void> {
  let seen = after
  let size = -1
  while (!signal.aborted) {
    const now = await log.size()
    if (now !== size) {
      for (const { leaf, decision } of await behind(broker, namespace, seen, now)) {
        if (signal.aborted) return
        seen = leaf + 1
        yield { seq: seen, namespace, at: decision.at, kind: 'decision', body: { decision: summaryOf(decision) } }
      }
      size = now
      // Entries are in the log with their decisions: what was of other namespaces need not be looked for again.
      seen = Math.max(seen, now)
    }
    await pause(signal)
  }
}

/** A decision that was logged. */
interface Logged {
  readonly leaf: number
  readonly decision: Explained
}

/** Ids follow the time at which a request came, leaves the order in which decisions were written: a late one is among the newest still. */
async function behind(broker: Broker, namespace: string, seen: number, size: number): Promise<readonly Logged[]> {
  const found: Logged[] = []
  // There may be many readers, and mostly there is little to tell: no more is read than can be new, and some that is late.
  const limit = Math.min(PAGE, Math.max(0, size - seen) + LATE)
  let after: string | undefined
  while (found.length < MOST_AT_ONCE) {
    const page = await broker.decisions(namespace, { limit, ...(after === undefined ? {} : { after }) })
    const fresh = page.flatMap((decision) =>
      decision.leafIndex === undefined || decision.leafIndex < seen ? [] : [{ leaf: decision.leafIndex, decision }],
    )
    found.push(...fresh)
    after = page.at(-1)?.id
    if (page.length < limit || fresh.length === 0) break
  }
  return found.slice(0, MOST_AT_ONCE).sort((a, b) => a.leaf - b.leaf)
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, LOOK_EVERY_MS)
    signal.addEventListener('abort', done, { once: true })
  })
}
