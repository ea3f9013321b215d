import type { Row, Sql, SqlValue } from '../storage/sql.ts'
import type { Core } from './core.ts'
import type { BrokerEvent } from './model.ts'

const CHANNEL = 'sekisho_events'

/** An event to be written. */
export interface NewEvent {
  readonly kind: string
  readonly body: Readonly<Record<string, unknown>>
}

const ROWS_AT_ONCE = 100

/** Writes events, in the transaction of what they tell of. */
export async function addEvents(sql: Sql, namespace: string, at: Date, events: readonly NewEvent[]): Promise<void> {
  for (let i = 0; i < events.length; i += ROWS_AT_ONCE) {
    const some = events.slice(i, i + ROWS_AT_ONCE)
    const values = some.map(() => '(?, ?, ?, ?)').join(', ')
    const params: readonly SqlValue[] = some.flatMap(({ kind, body }) => [
      namespace,
      at.getTime(),
      kind,
      JSON.stringify(body),
    ])
    await sql.run(`INSERT INTO events (namespace, at, kind, body) VALUES ${values}`, params)
  }
}

/** Tells listeners in every process that there are new events; after the commit. */
export function announce({ db }: Core, namespace: string): Promise<void> {
  return db.notify(CHANNEL, namespace)
}

interface EventRow extends Row {
  readonly seq: number
  readonly namespace: string
  readonly at: number
  readonly kind: string
  readonly body: string
}

const PAGE = 256
/** Events of a namespace that are looked through at once for those of one lease: SQLite serves nobody meanwhile. */
const SPAN = 5000
// Notices may be lost with a connection: look anyway, now and then.
const LOOK_EVERY_MS = 1000

/** The end of a lease, as its row tells it. */
export type LeaseEnd = Pick<BrokerEvent, 'kind' | 'at' | 'body'>

/**
 * Events of a namespace behind `after`, then those to come, until the signal.
 *
 * @param o.end the end of the lease, when it is over before: it is told also where its event is not kept any more
 */
export async function* eventsAfter(
  core: Core,
  namespace: string,
  after: number,
  {
    signal,
    lease,
    end,
  }: { readonly signal?: AbortSignal; readonly lease?: string; readonly end?: LeaseEnd | undefined },
): AsyncGenerator<BrokerEvent, void, void> {
  let untold = end
  // A place that this database has not come to is of another, such as it was before a backup was brought back.
  let seen = Math.min(after, await lastOf(core.db, namespace))
  let wake = (): void => undefined
  const stop = core.db.listen(
    CHANNEL,
    (payload) => {
      if (payload === namespace) wake()
    },
    () => wake(),
  )
  try {
    while (signal?.aborted !== true) {
      // Made before looking, so that a notice in between is not missed.
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const { rows, upTo, isLast } = await page(core.db, namespace, seen, lease)
      for (const row of rows) {
        const event = fromRow(row)
        if (lease !== undefined && event.body['lease'] !== lease) continue
        if (event.kind === untold?.kind) untold = undefined
        yield event
      }
      seen = rows.length < PAGE ? upTo : (rows.at(-1)?.seq ?? upTo)
      if (isLast && untold !== undefined) {
        yield { seq: seen, namespace, ...untold }
        untold = undefined
      }
      // SQLite answers without a turn of the event loop: others would be served when the last page is out.
      if (!isLast) await new Promise((resolve) => setImmediate(resolve))
      else await pause(woken, signal)
    }
  } finally {
    stop()
  }
}

/**
 * The next events, and where they end: what a holder may see of its lease is picked by the database, for a namespace has
 * many events and many holders.
 */
async function page(
  sql: Sql,
  namespace: string,
  after: number,
  lease: string | undefined,
): Promise<{ readonly rows: readonly EventRow[]; readonly upTo: number; readonly isLast: boolean }> {
  const last = Math.max(after, await lastOf(sql, namespace))
  if (last === after) return { rows: [], upTo: last, isLast: true }
  const upTo = lease === undefined ? last : await endOfSpan(sql, namespace, after, last)
  const rows = await sql.all<EventRow>(
    `SELECT seq, namespace, at, kind, body FROM events WHERE namespace = ? AND seq > ? AND seq <= ?
     ${lease === undefined ? '' : 'AND body LIKE ?'} ORDER BY seq LIMIT ${PAGE}`,
    [namespace, after, upTo, ...(lease === undefined ? [] : [`%"lease":"${lease}"%`])],
  )
  return { rows, upTo, isLast: upTo === last && rows.length < PAGE }
}

async function endOfSpan(sql: Sql, namespace: string, after: number, last: number): Promise<number> {
  const [end] = await sql.all<{ seq: number }>(
    `SELECT seq FROM events WHERE namespace = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT 1 OFFSET ${SPAN - 1}`,
    [namespace, after, last],
  )
  return end?.seq ?? last
}

async function lastOf(sql: Sql, namespace: string): Promise<number> {
  const [last] = await sql.all<{ seq: number | null }>('SELECT MAX(seq) AS seq FROM events WHERE namespace = ?', [
    namespace,
  ])
  return last?.seq ?? 0
}

function fromRow({ seq, namespace, at, kind, body }: EventRow): BrokerEvent {
  return { seq, namespace, at: new Date(at), kind, body: JSON.parse(body) as BrokerEvent['body'] }
}

async function pause(woken: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let aborted = (): void => undefined
  const others = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LOOK_EVERY_MS)
    aborted = (): void => resolve()
    signal?.addEventListener('abort', aborted, { once: true })
  })
  await Promise.race([woken, others])
  clearTimeout(timer)
  signal?.removeEventListener('abort', aborted)
}
