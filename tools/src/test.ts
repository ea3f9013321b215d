/**
 * `npm test -- [FILTER…]`: runs every test file of the workspace, compiled, in this one process:
 * a process per file costs ten times as much. With filters, runs the files whose path contains one.
 *
 * The list of files comes from the sources, not from `dist`, so a test that was deleted does not
 * run on and a test that was not compiled is a failure.
 */
import { join } from 'node:path'
import { beforeEach, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { filesBelow, foldersIn, ROOT } from './files.ts'

const homes = [...foldersIn(join(ROOT, 'packages')).map((name) => `packages/${name}`), 'bench', 'tools']
const filters = process.argv.slice(2)

const files = homes
  .flatMap((home) => filesBelow(join(ROOT, home, 'test'), '.test.ts').map((path) => ({ home, path })))
  .filter(({ home, path }) => filters.length === 0 || filters.some((filter) => `${home}/test/${path}`.includes(filter)))

if (files.length === 0) {
  console.error(`no test file ${filters.length === 0 ? 'in this workspace' : `matches ${filters.join(', ')}`}`)
  process.exit(1)
}
let ran = 0
beforeEach(() => {
  ran++
})
process.on('exit', () => {
  if (ran > 0) return
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
