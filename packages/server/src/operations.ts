import type { Broker, Database, Log } from '@sekisho/broker'
import { databaseRemedy, isNewer, writesFailBecause } from './broker-errors.ts'
import { HttpError } from './http/errors.ts'
import type { Front } from './http/front.ts'
import type { Metrics } from './http/metrics.ts'
import { text } from './http/reply.ts'
import type { EventStreams } from './native/events.ts'

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'
/** Milliseconds that the database has to answer before the server counts as not ready. */
const READY_TIME = 2000

/**
 * `/healthz`: the process runs. `/readyz`: the database answers, and took the last write; else a problem whose `remedy` says what to do.
 * `/metrics`: numbers, no names of tenants.
 */
export function operationsFace(front: Front, metrics: Metrics, db: Database): void {
  front.on('GET', '/healthz', () => text(200, 'ok\n'))
  front.on('GET', '/readyz', async () => {
    await within(db.kind, db.all('SELECT 1 AS one'), 'the database does not answer')
    await within(db.kind, db.writing(), 'the database takes no writes, so that nothing can be released')
    return text(200, 'ready\n')
  })
  front.on('GET', '/metrics', async () => text(200, await metrics.render(), { 'content-type': PROMETHEUS }))
}

/** Whether files that the server was started with have changed to something that cannot be used. */
export interface StaleFiles {
  /** Endorsements: key sets of attestation services and the like. */
  readonly endorsements?: () => boolean
  /** Certificate and key of the server. */
  readonly tls?: () => boolean
}

/** Gauges that are read when somebody asks. */
export function stateGauges(
  metrics: Metrics,
  {
    broker,
    db,
    log,
    stale = {},
    now = () => new Date(),
  }: {
    readonly broker: Broker
    readonly db: Database
    readonly log: Log
    readonly stale?: StaleFiles
    readonly now?: () => Date
  },
  streams: EventStreams,
): void {
  metrics.gauge('sekisho_leases_live', 'Leases that are live.', async () => {
    const [row] = await db.all<{ live: number }>(
      `SELECT COUNT(*) AS live FROM leases WHERE state = 'live' AND expires > ?`,
      [now().getTime()],
    )
    return row?.live ?? 0
  })
  metrics.gauge(
    'sekisho_refused_bytes',
    'Bytes that are kept of refused attestations.',
    async () => (await broker.kept()).refusedBytes,
  )
  metrics.gauge(
    'sekisho_refused_bytes_limit',
    'Bytes that may be kept of refused attestations.',
    async () => (await broker.kept()).limits.refusedBytes,
  )
  const { endorsements, tls } = stale
  if (endorsements !== undefined)
    metrics.gauge(
      'sekisho_endorsement_files_stale',
      '1 while the files of endorsements have changed to something that cannot be used.',
      () => Number(endorsements()),
    )
  if (tls !== undefined)
    metrics.gauge(
      'sekisho_tls_files_stale',
      '1 while certificate and key have changed to something that cannot be used.',
      () => Number(tls()),
    )
  metrics.gauge('sekisho_log_size', 'Entries in the log.', () => log.size())
  metrics.gauge('sekisho_event_streams', 'Event streams that are open.', () => streams.open)
  metrics.gauge('process_resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss())
  metrics.gauge('process_start_time_seconds', 'When the process started, seconds since 1970.', () =>
    Math.round(Date.now() / 1000 - process.uptime()),
  )
}

async function within(kind: Database['kind'], work: Promise<unknown>, otherwise: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), READY_TIME)
  })
  try {
    await Promise.race([work, late])
  } catch (cause) {
    const because = writesFailBecause(cause)
    const why = isNewer(cause) ? cause.message : because === undefined ? otherwise : `${otherwise}: ${because}`
    throw new HttpError(503, 'not-ready', why, {
      cause,
      headers: { 'retry-after': '5' },
      members: { remedy: databaseRemedy(cause, kind) },
    })
  } finally {
    clearTimeout(timer)
  }
}
