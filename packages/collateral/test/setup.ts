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

/** A source pointed at a local server, with a disk cache, a set clock, and waits that are noted instead of waited. */
export interface Bench {
  readonly server: LocalServer
  readonly source: NetworkSource
  readonly cache: CollateralCache
  readonly progress: Progress[]
  readonly waits: number[]
  /** Milliseconds since 1970; change it to let time pass. */
  clock: number
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
  const server = await startServer(canned(answers.table))
  const folder = await temporaryFolder(t)
  t.after(() => server.close())
  const progress: Progress[] = []
  const waits: number[] = []
  const state = { clock: DEFAULT_AT.getTime() }
  const cache = diskCache({ folder, now: () => new Date(state.clock) })
  const again = (other: NetworkOptions = {}): NetworkSource =>
    networkSource({
      intel: { baseUrl: server.url, kind: 'pcs', rootCrlUrl: `${server.url}/IntelSGXRootCA.der` },
      amd: { baseUrl: server.url },
      cache,
      limits: PATIENT,
      trustAnchors: [answers.made.anchor],
      onProgress: (one) => progress.push(one),
      now: () => new Date(state.clock),
      sleep: (ms) => {
        waits.push(ms)
        return Promise.resolve()
      },
      random: () => 0.5,
      ...options,
      ...other,
    })
  return {
    server,
    source: again(),
    cache,
    progress,
    waits,
    get clock(): number {
      return state.clock
    },
    set clock(ms: number) {
      state.clock = ms
    },
    again,
    entries: async () => (await readdir(join(folder, 'v1')).catch(() => [])).length,
  }
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
