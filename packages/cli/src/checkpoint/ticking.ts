import { setTimeout as pause } from 'node:timers/promises'
import type { Broker } from '@sekisho/broker'
import type { Rechecks } from './due.ts'
import type { EndorsementWatch } from './endorsement-watch.ts'

const TICK_MS = 1000
/** A look that waits for a service is not waited for longer: it ends where the database is closed. */
const LOOK_ENDS_MS = 5000

/**
 * Lets time pass for leases and sessions, and looks at live leases with new endorsements when it is time. What fails once is tried again a second later, and said.
 */
export function ticking(o: {
  readonly broker: Pick<Broker, 'tick' | 'reappraiseAll'> & { readonly admin: Pick<Broker['admin'], 'namespaces'> }
  readonly looks: Rechecks
  readonly watch: EndorsementWatch
  readonly now: () => Date
  readonly onTrouble: (error: unknown) => void
}): () => Promise<void> {
  const { broker, looks, watch, now, onTrouble } = o
  const passing = everySecond(() => broker.tick(now()), onTrouble)
  // By themselves: a vendor's service that is silent keeps a look at many leases waiting, and no lease from ending.
  const settling = everySecond(() => watch.settle(now()), onTrouble)
  const looking = everySecond(async () => {
    const at = now()
    if (!looks.take(at)) return
    for (const namespace of await broker.admin.namespaces())
      await broker.reappraiseAll(namespace, { kind: 'collateral' }, at).catch((error: unknown) => {
        // One namespace keeps no other waiting, and is not left until the next hour.
        looks.news()
        onTrouble(error)
      })
  }, onTrouble)
  return async () => {
    const [passed, looked] = [passing(), Promise.all([settling(), looking()])]
    await passed
    const over = new AbortController()
    await Promise.race([looked, pause(LOOK_ENDS_MS, undefined, { signal: over.signal })])
    over.abort()
  }
}

/** Does something once a second, unless it is at it still. @returns what ends it, when what runs is done */
export function everySecond(pass: () => Promise<unknown>, onTrouble: (error: unknown) => void): () => Promise<void> {
  let running: Promise<unknown> = Promise.resolve()
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    running = pass()
      .catch(onTrouble)
      .finally(() => {
        busy = false
      })
  }, TICK_MS)
  return async () => {
    clearInterval(timer)
    await running
  }
}
