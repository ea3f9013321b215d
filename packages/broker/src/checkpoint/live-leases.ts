import type { Row } from '../storage/sql.ts'
import type { Core } from './core.ts'

/** A live lease with what its policy decision needs. */
export interface LiveLease extends Row {
  readonly id: string
  readonly resource: string
  readonly appraisal: string
  readonly expires: number
  /** As the last look found it, or as the appraisal has it. */
  readonly context: string
  /** As the appraisal has it. */
  readonly recorded: string
  readonly outcome: string
  readonly emulated: number
  readonly result_key: string | null
}

/** Rows of one page. */
export const PAGE = 1000

/** Live leases of a namespace in pages, in the order of their ids. `only`: a further condition, of ours. */
export async function* liveLeases(
  core: Core,
  namespace: string,
  at: Date,
  only = '',
): AsyncGenerator<readonly LiveLease[], void, void> {
  let after = ''
  for (;;) {
    const rows = await core.db.all<LiveLease>(
      `SELECT l.id, l.resource, l.appraisal, l.expires, l.result_key,
         COALESCE(a.later_context, a.context) AS context, a.context AS recorded, a.outcome, a.emulated FROM leases l
       JOIN appraisals a ON a.id = l.appraisal
       WHERE l.namespace = ? AND l.state = 'live' AND l.expires >= ? AND l.id > ? ${only} ORDER BY l.id LIMIT ${PAGE}`,
      [namespace, at.getTime(), after],
    )
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    if (rows.length < PAGE) return
    after = last.id
  }
}
