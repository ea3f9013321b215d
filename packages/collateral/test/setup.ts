import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { DEFAULT_AT } from '@sekisho/emulator/kit'
import {
  type CollateralCache,
  diskCache,
  type NetworkOptions,
  type NetworkSource,
  networkSource,
  type Progress,
} from '../src/index.ts'
import { canned, type Handler, type LocalServer, startServer } from './hostile-server.ts'
import type { AmdAnswers, IntelAnswers } from './vendors.ts'

/** A local server with what a source of it needs: a disk cache, a set clock, and waits that are noted instead of waited. */
export interface Stage {
  readonly server: LocalServer
  readonly folder: string
  readonly cache: CollateralCache
  readonly progress: Progress[]
  readonly waits: number[]
  /** Milliseconds since 1970; change it to let time pass. */
  clock: number
  /** What every source here is made with. */
  readonly options: NetworkOptions
}

/** Sets a stage for one test, and has it taken down afterwards. @param start milliseconds since 1970 */
export async function stage(t: TestContext, handler: Handler, start: number): Promise<Stage> {
  const server = await startServer(handler)
  t.after(() => server.close())
  const folder = await temporaryFolder(t)
  const progress: Progress[] = []
  const waits: number[] = []
  const now = (): Date => new Date(set.clock)
  const cache = diskCache({ folder, now })
  const options: NetworkOptions = {
    cache,
    limits: PATIENT,
    onProgress: (one) => progress.push(one),
    now,
    sleep: (ms) => {
      waits.push(ms)
      return Promise.resolve()
    },
    random: () => 0.5,
  }
  const set: Stage = { server, folder, cache, progress, waits, clock: start, options }
  return set
}

/** A source pointed at a local server. */
export interface Bench extends Stage {
  readonly source: NetworkSource
  /** Another source of the same configuration: nothing shared but the cache folder. */
  again(options?: NetworkOptions): NetworkSource
  /** Number of entries in the cache folder. */
  entries(): Promise<number>
}

/** Other tests share the process, and may hold it up for a while: only where silence is the subject is it short. */
export const PATIENT = { timeoutMs: 30_000, idleMs: 20_000, attempts: 3 } as const

/** Sets everything up for one test, and has it taken down afterwards. */
export async function bench(
  t: TestContext,
  answers: IntelAnswers | AmdAnswers,
  options: NetworkOptions = {},
): Promise<Bench> {
  const set = await stage(t, canned(answers.table), DEFAULT_AT.getTime())
  const { server, folder } = set
  const again = (other: NetworkOptions = {}): NetworkSource =>
    networkSource({
      intel: { baseUrl: server.url, kind: 'pcs', rootCrlUrl: `${server.url}/IntelSGXRootCA.der` },
      amd: { baseUrl: server.url },
      trustAnchors: [answers.made.anchor],
      ...set.options,
      ...options,
      ...other,
    })
  return Object.assign(set, {
    source: again(),
    again,
    entries: async () => (await readdir(join(folder, 'v1')).catch(() => [])).length,
  })
}

/** An empty folder that is removed after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-collateral-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Answers `path` with `wrong` and everything else as `right` does. */
export function except(right: Handler, path: string, wrong: Handler): Handler {
  return (request, response) => (request.url === path ? wrong : right)(request, response)
}
