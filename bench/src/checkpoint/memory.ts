import { join } from 'node:path'
import type { Row } from '../rows.ts'
import { CLIENTS, onStage } from './handshake.ts'
import { startProcess } from './process.ts'
import { load } from './workload.ts'

const STEPS = 10
/** Of each handshake, beyond this many in all: what a session leaves behind and what a release does are both seen. */
const EACH = 10
const FEW = 10_000
/** What is remembered on purpose (sessions' appraisals, statements, decisions) is bounded, and full by then. */
const WARM_UP = 5000

/** What the server holds, release after release: its heap after a collection, as a line through ten looks. */
export async function memoryRows(releases: number): Promise<readonly Row[]> {
  return onStage(async (stage) => {
    const server = await startProcess({ ...stage, place: join(stage.folder, 'data'), furnish: true, collect: true })
    const workloads = await stage.workloads(server.url, CLIENTS)
    await load(workloads, { count: WARM_UP })
    const each = releases > FEW ? EACH : 1
    const looks = [await server.usage()]
    for (let i = 0; i < STEPS; i++) {
      await load(workloads, { count: releases / STEPS / each, releases: each })
      looks.push(await server.usage())
    }
    for (const workload of workloads) workload.close()
    await server.stop()
    const [first, last] = [looks[0], looks.at(-1)]
    if (first === undefined || last === undefined) throw new Error('nobody looked')
    const slope = slopeOf(looks.map(({ heap }) => heap)) / (releases / STEPS)
    return [
      {
        what: `heap after ${releases} releases (${each} a handshake) / before`,
        ours: `${(last.heap / 1e6).toFixed(1)} MB, ${slope.toFixed(1)} bytes a release; resident ${(last.rss / 1e6).toFixed(0)} MB`,
        against: `${(first.heap / 1e6).toFixed(1)} MB; resident ${(first.rss / 1e6).toFixed(0)} MB`,
        ratio: last.heap / first.heap,
        target: 1.05,
        sense: 'at-most',
      },
      {
        what: `resident memory after ${releases} releases / after a tenth of them`,
        ours: looks.map(({ rss }) => (rss / 1e6).toFixed(0)).join(' '),
        against: 'MB at the start and after each tenth',
        ratio: last.rss / (looks[1] ?? first).rss,
        target: 1.1,
        sense: 'at-most',
      },
    ]
  })
}

/** Least squares: what a value grows by from one look to the next. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const above = values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0)
  return above / values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0)
}
