import { join } from 'node:path'
import { beforeEach, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../files.ts'
import { FILTERS, filesOf, type Part, testFiles } from './files.ts'

/** Runs the test files of one part, compiled, in this one process: a process per file costs ten times as much. */
export async function runPart(part: Part): Promise<void> {
  const filters: readonly string[] = JSON.parse(process.env[FILTERS] ?? '[]')
  const files = filesOf(testFiles(filters), part)
  let ran = 0
  beforeEach(() => {
    ran++
  })
  process.on('exit', () => {
    if (ran > 0 || files.length === 0) return
    console.error(`${files.length} test files, and not one test in them`)
    process.exitCode = 1
  })
  for (const { home, path } of files) {
    const compiled = join(ROOT, home, 'dist/test', path.replace(/\.ts$/, '.js'))
    try {
      await import(pathToFileURL(compiled).href)
    } catch (error) {
      await test(`${home}/test/${path} loads`, () => {
        throw error
      })
    }
  }
}
