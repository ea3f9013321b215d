import { join } from 'node:path'
import { afterEach, before, beforeEach, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../files.ts'
import { FILTERS, filesOf, type Part, type TestFile, testFiles } from './files.ts'
import { watchStandstill } from './standstill.ts'

/** What suites begin with takes less; what the last one began and did not end would keep its process for ever. */
const BETWEEN_MS = 600_000

/** Runs the test files of one part, compiled, in this one process: a process per file costs ten times as much. */
export async function runPart(part: Part): Promise<void> {
  const filters: readonly string[] = JSON.parse(process.env[FILTERS] ?? '[]')
  const files = filesOf(testFiles(filters), part)
  let ran = 0
  const standstill = watchStandstill(part)
  beforeEach((t) => {
    ran++
    standstill.at(t.name)
  })
  afterEach((t) => {
    standstill.at(`${t.name} (over)`, BETWEEN_MS)
  })
  process.on('exit', () => {
    const { user, system } = process.cpuUsage()
    console.error(
      `part ${part}: ${process.uptime().toFixed()} s, of the processor ${((user + system) / 1e6).toFixed()} s`,
    )
    if (ran > 0 || files.length === 0) return
    console.error(`${files.length} test files, and not one test in them`)
    process.exitCode = 1
  })
  const loading = loadAll(files)
  // Loading a file may take seconds: a test that waits for a socket meanwhile would see it closed.
  before(() => loading)
  await loading
}

async function loadAll(files: readonly TestFile[]): Promise<void> {
  for (const { home, path } of files) {
    const compiled = join(ROOT, home, 'dist/test', path.replace(/\.ts$/, '.js'))
    try {
      await import(pathToFileURL(compiled).href)
    } catch (error) {
      // Not waited for: no test begins before all files are loaded.
      void test(`${home}/test/${path} loads`, () => {
        throw error
      })
    }
  }
}
