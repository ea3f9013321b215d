import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../measure.ts'
import type { Row } from '../rows.ts'
import { CLIENTS, onStage } from './handshake.ts'
import { startProcess } from './process.ts'
import { type Load, load } from './workload.ts'

const ROUNDS = 3
const ROUND_MS = 4000

interface Postgres {
  createDatabase(): Promise<string>
  stop(): Promise<void>
}

interface PostgresKit {
  readonly postgresMissing: string | false
  startPostgres(): Promise<Postgres>
}

/** Two servers on one PostgreSQL against one, in turns; reported, without a goal. Skipped where PostgreSQL is missing. */
export async function twoServerRows(root: string): Promise<readonly Row[]> {
  const file = join(root, 'packages/broker/dist/test/postgres.js')
  if (!existsSync(file)) throw new Error('the tests of packages/broker are not compiled')
  const { postgresMissing, startPostgres }: PostgresKit = await import(file)
  if (postgresMissing !== false) {
    console.log(`not measured: two servers on one PostgreSQL: ${postgresMissing}`)
    return []
  }
  const postgres = await startPostgres()
  try {
    return await measured(await postgres.createDatabase())
  } finally {
    await postgres.stop()
  }
}

async function measured(place: string): Promise<readonly Row[]> {
  return onStage(async (stage) => {
    const first = await startProcess({ ...stage, place, furnish: true })
    const second = await startProcess({ ...stage, place, furnish: false })
    const half = await stage.workloads(first.url, CLIENTS / 2)
    const other = await stage.workloads(second.url, CLIENTS / 2)
    const alone = [...half, ...(await stage.workloads(first.url, CLIENTS / 2))]
    const both = [...half, ...other]
    const rounds: { readonly one: Load; readonly two: Load }[] = []
    for (const workloads of [alone, both]) await load(workloads, { millis: ROUND_MS })
    for (let i = 0; i < ROUNDS; i++)
      rounds.push({ one: await load(alone, { millis: ROUND_MS }), two: await load(both, { millis: ROUND_MS }) })
    for (const workload of new Set([...alone, ...both])) workload.close()
    await first.stop()
    await second.stop()
    const row: Row = {
      what: 'handshakes, two servers on one PostgreSQL / one (all on this machine)',
      ours: `${median(rounds.map(({ two }) => two.perSecond)).toFixed(0)}/s`,
      against: `one server ${median(rounds.map(({ one }) => one.perSecond)).toFixed(0)}/s`,
      ratio: median(rounds.map(({ one, two }) => two.perSecond / one.perSecond)),
      target: 0,
      sense: 'reported',
    }
    return [row]
  })
}
