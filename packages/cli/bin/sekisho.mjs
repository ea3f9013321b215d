#!/usr/bin/env node
// Starts the compiled command line. In a fresh clone nothing is compiled yet (`npm ci` does not
// build): then this builds once, says so on stderr, and goes on.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const home = dirname(dirname(fileURLToPath(import.meta.url)))
const main = join(home, 'dist', 'src', 'main.js')

if (!existsSync(main)) buildOnce()
await import(pathToFileURL(main).href)

function buildOnce() {
  const workspace = dirname(dirname(home))
  const compiler = join(workspace, 'node_modules', 'typescript', 'bin', 'tsc')
  if (!existsSync(join(home, 'tsconfig.json')) || !existsSync(compiler)) {
    process.stderr.write('sekisho: the compiled files are missing; run `npm ci` and `npm run build` in the project first\n')
    process.exit(70)
  }
  process.stderr.write('sekisho: first run in this clone, compiling (a few seconds) …\n')
  const built = spawnSync(process.execPath, [compiler, '-b', home], { stdio: ['ignore', 2, 2] })
  if (built.status === 0 && existsSync(main)) return
  process.stderr.write('sekisho: compiling failed; see the messages above\n')
  process.exit(70)
}
