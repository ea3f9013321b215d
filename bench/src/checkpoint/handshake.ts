import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createWorld } from '@sekisho/emulator'
import { median } from '../measure.ts'
import type { Row } from '../rows.ts'
import { handshakeBound, rateOf } from './bound.ts'
import { type ServerProcess, startProcess } from './process.ts'
import { serveWorld } from './source.ts'
import { type Load, load, percentile, Workload } from './workload.ts'

export const CLIENTS = 32
const ROUNDS = 5
const ROUND_MS = 4000
const WARM_UP_MS = 6000
const BOUND_MS = 500

interface Round {
  readonly load: Load
  readonly cpuMs: number
  readonly bound: { readonly perSecond: number; readonly perCpuSecond: number }
}

/** Where the processes of a run find each other. */
export interface Stage {
  readonly folder: string
  readonly worldFile: string
  readonly services: string
  workloads(url: string, count: number): Promise<readonly Workload[]>
}

/** An emulated world, its services, and a folder, for as long as `work` takes. */
export async function onStage<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-bench-'))
  const world = createWorld({ products: ['Genoa'] })
  await world.ready()
  const worldFile = join(folder, 'world.json')
  writeFileSync(worldFile, world.save(), { mode: 0o600 })
  const services = await serveWorld(world)
  const machine = world.snp()
  try {
    return await work({
      folder,
      worldFile,
      services: services.url,
      workloads: (url, count) => Promise.all(Array.from({ length: count }, () => Workload.start(url, machine))),
    })
  } finally {
    services.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Handshakes with release over real sockets, durable on SQLite: server in one process, 32 workloads in this one. The
 * bound is measured between the rounds, while the server has nothing to do.
 */
export async function handshakeRows(): Promise<readonly Row[]> {
  return onStage(async (stage) => {
    const place = join(stage.folder, 'data')
    const server = await startProcess({ ...stage, place, furnish: true })
    const workloads = await stage.workloads(server.url, CLIENTS)
    await load(workloads, { millis: WARM_UP_MS })
    const bound = handshakeBound()
    rateOf(bound, BOUND_MS)
    const rounds: Round[] = []
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round(server, workloads, bound))
    for (const workload of workloads) workload.close()
    await server.stop()
    return rowsOf(rounds)
  })
}

async function round(server: ServerProcess, workloads: readonly Workload[], bound: () => void): Promise<Round> {
  const before = await server.usage()
  const done = await load(workloads, { millis: ROUND_MS })
  const { cpuMs } = await server.usage()
  return { load: done, cpuMs: cpuMs - before.cpuMs, bound: rateOf(bound, BOUND_MS) }
}

function rowsOf(rounds: readonly Round[]): readonly Row[] {
  const per = (value: (round: Round) => number): number => median(rounds.map(value))
  const perCpu = ({ load: { handshakes }, cpuMs }: Round): number => (handshakes * 1000) / cpuMs
  return [
    {
      what: `KBS handshakes with release, ${CLIENTS} clients / bound (its cryptography alone)`,
      ours: `${per((one) => one.load.perSecond).toFixed(0)}/s`,
      against: `bound ${per((one) => one.bound.perSecond).toFixed(0)}/s`,
      ratio: per((one) => one.load.perSecond / one.bound.perSecond),
      target: 0.6,
      sense: 'at-least',
    },
    {
      what: 'the same by CPU time: all threads of the server / bound',
      ours: `${per(perCpu).toFixed(0)} per CPU second`,
      against: `bound ${per((one) => one.bound.perCpuSecond).toFixed(0)}`,
      ratio: per((one) => perCpu(one) / one.bound.perCpuSecond),
      target: 0.6,
      sense: 'at-least',
    },
    {
      what: `99th percentile of an answer at ${CLIENTS} clients, ms`,
      ours: `${per((one) => percentile(one.load.requests, 0.5)).toFixed(1)} ms in the middle`,
      against: `whole handshake ${per((one) => percentile(one.load.whole, 0.99)).toFixed(1)} ms`,
      ratio: per((one) => percentile(one.load.requests, 0.99)),
      target: 25,
      sense: 'at-most',
    },
  ]
}
