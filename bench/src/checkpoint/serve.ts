/** A checkpoint in a process of its own: `serve.js FOLDER-OR-URL WORLD-FILE SERVICES-URL [furnish [PAGE]]`, started by the benchmarks. */
import { readFileSync } from 'node:fs'
import { networkSource } from '@sekisho/collateral'
import { createWorld, kbsEvidence } from '@sekisho/emulator'
import { furnish, openCheckpoint } from './open.ts'

/** What the process answers to each message: the CPU time it took so far, and what it holds after a collection. */
export interface Usage {
  readonly cpuMs: number
  readonly rss: number
  readonly heap: number
}

const [place = '', worldFile = '', services = '', first, page] = process.argv.slice(2)
const world = createWorld({ saved: readFileSync(worldFile, 'utf8') })
const source = networkSource({ amd: { baseUrl: services }, nvidia: false, trustAnchors: world.anchors })
const location = place.startsWith('postgres:') ? { url: place } : { folder: place }
const checkpoint = await openCheckpoint(location, world, source)
if (first !== undefined) await furnish(checkpoint, kbsEvidence('snp', world.snp().attest(new Uint8Array(64))))
const url = await checkpoint.serve(page)
const token = page === undefined ? undefined : await checkpoint.token()

process.on('message', () => {
  globalThis.gc?.()
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  process.send?.({ cpuMs: (user + system) / 1000, rss, heap: heapUsed } satisfies Usage)
})
process.on('disconnect', () => process.exit(0))
process.send?.({ url, token })
